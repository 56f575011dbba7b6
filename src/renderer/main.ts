import { mount } from 'svelte'
import App from './App.svelte'
import { createAppState } from './state/app.ts'
import { hashAddress } from './state/navigation.svelte.ts'
import './ui/tokens.css'
import './ui/base.css'

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no #app')
mount(App, { target, props: { app: createAppState(window.tocsin, hashAddress(window), Date.now) } })
