import type { Bridge } from '../shared/ipc.ts'

declare global {
  interface Window {
    /** All the page knows of the world outside; put there by the preload script. */
    readonly tocsin: Bridge
  }
}
