import { describe, expect, test } from 'vitest'
import type { Instant } from '../../../shared/detection.ts'
import { gapReasons, inletKinds, testSteps, type TestedStep } from '../../../shared/inlets.ts'
import { inletOf } from '../../state/memory-bridge.ts'
import {
  countersWords,
  keptMeanwhile,
  kindWords,
  latencyWords,
  nextStepWords,
  stateWords,
  stepWords,
  testWords,
  warningOf,
} from './way-words.ts'

const at = '2031-05-17T00:00:00.000Z' as Instant
const soon = () => 'in 12 s'

describe('a way in', () => {
  test('says what is still to come', () => {
    const inlet = inletOf('relay:aaaaaaaa', { state: { kind: 'live', since: at, backlog: 1_312 } })
    expect(stateWords(inlet, soon)).toMatchObject({ word: 'listening', detail: 'A backlog of 1,312 is coming in.', isBad: false })
  })

  test('says why it waits, and when it tries again', () => {
    const state = { kind: 'waiting', because: 'relay-down', detail: 'It answered 503.', retryAt: at } as const
    expect(stateWords(inletOf('relay:aaaaaaaa', { state }), soon)).toEqual({
      icon: 'barred',
      word: 'not listening',
      detail: 'It answered 503. Next try in 12 s.',
      isBad: true,
    })
    expect(stateWords(inletOf('relay:aaaaaaaa', { state }), () => 'just now').detail).toMatch(/Next try in a moment/)
    expect(stateWords(inletOf('relay:aaaaaaaa', { state: { ...state, because: 'refused', retryAt: null } }), soon)).toMatchObject({
      icon: 'alert',
      word: 'not let in',
      detail: 'It answered 503.',
    })
  })

  test('on this computer only is said where nothing public leads to the receiver', () => {
    expect(stateWords(inletOf('receiver'), soon).detail).toMatch(/nothing public/)
    expect(stateWords(inletOf('receiver', { address: 'https://x.test/in/y' }), soon).detail).toBe('')
  })

  test('warns where a warning is due', () => {
    expect(warningOf('smee')).toBe('development only: may lose events, cannot carry signed bodies')
    expect(inletKinds.filter((kind) => warningOf(kind) !== null)).toEqual(['unsigned', 'smee'])
  })

  test('counts what is not zero', () => {
    const { counters } = inletOf('relay:aaaaaaaa')
    expect(countersWords({ counters })).toBe('nothing received since this start')
    expect(countersWords({ counters: { ...counters, received: 1_314, kept: 1_312, duplicate: 1, refused: 1 } })).toBe(
      '1,314 received · 1,312 kept · 1 duplicate · 1 refused',
    )
  })

  test('is as late as it says', () => {
    expect([latencyWords(null), latencyWords(84.4), latencyWords(1_260)]).toEqual([null, '84 ms', '1.3 s'])
  })
})

test('every kind, reason and step has words', () => {
  expect(new Set(inletKinds.map((kind) => kindWords[kind])).size).toBe(inletKinds.length)
  expect(new Set(testSteps.map((step) => stepWords[step])).size).toBe(testSteps.length)
  expect(gapReasons.map(nextStepWords).every((words) => words.endsWith('.'))).toBe(true)
  expect(inletKinds.map(keptMeanwhile).every((words) => words.startsWith('What is sent meanwhile'))).toBe(true)
})

describe('a test', () => {
  const passed = (step: TestedStep['step'], afterMs: number): TestedStep => ({ step, kind: 'passed', detail: '', afterMs })

  test('that gets through says after how long', () => {
    const tested = { isWhole: true, steps: [passed('resolved', 3), passed('arrived', 312)] }
    expect(testWords({ kind: 'tested', tested, at: 0 }, 'relay')).toBe('The sample arrived whole after 312 ms.')
  })

  test('that does not says where it stopped', () => {
    const tested = {
      isWhole: false,
      steps: [passed('resolved', 3), { step: 'connected', kind: 'failed', detail: 'Refused.' }, { step: 'accepted', kind: 'not-reached' }],
    } as const
    expect(testWords({ kind: 'tested', tested, at: 0 }, 'relay')).toBe('The test stopped at “It connects”. What comes before it works.')
    const atOnce = { ...tested, steps: tested.steps.slice(1) }
    expect(testWords({ kind: 'tested', tested: atOnce, at: 0 }, 'relay')).toBe('The test stopped at “It connects”.')
    expect(testWords({ kind: 'failed', detail: 'The app did not answer.' }, 'relay')).toBe('The test was not done. The app did not answer.')
  })
})
