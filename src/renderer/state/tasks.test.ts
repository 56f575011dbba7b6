import { expect, test } from 'vitest'
import type { Notice } from '../../shared/ipc.ts'
import type { Task, TaskId, TaskStarted } from '../../shared/tasks.ts'
import { createMemoryBridge, later } from './memory-bridge.ts'
import { Tasks } from './tasks.svelte.ts'

const taskOf = (id: string, more: Partial<Task> = {}): Task => ({
  id: id as TaskId,
  kind: 'export',
  title: `Export ${id}`,
  done: 0,
  total: null,
  state: { kind: 'running' },
  ...more,
})
const done = (id: string, detail = 'All of it.') => taskOf(id, { state: { kind: 'done', detail } })

function setUp(handlers: Parameters<typeof createMemoryBridge>[0] = {}) {
  const main = createMemoryBridge({ 'tasks:list': () => [], 'task:cancel': () => null, ...handlers })
  const told: Notice[] = []
  return { ...main, told, tasks: new Tasks(main.bridge, (notice) => told.push(notice)) }
}
const settle = () => new Promise((resolve) => setTimeout(resolve))

test('what is pushed while the list is on its way wins over it, and nothing is listed twice', async () => {
  const answer = later<readonly Task[]>()
  const { tasks, push } = setUp({ 'tasks:list': () => answer.promise })
  push('task:changed', done('b'))
  push('task:changed', taskOf('c'))
  answer.resolve([taskOf('a'), taskOf('b')])
  await settle()
  expect(tasks.list).toEqual([taskOf('a'), done('b'), taskOf('c')])
})

test('an answer that is older than a push does not take it back', async () => {
  const answer = later<TaskStarted>()
  const { tasks, push } = setUp({ 'export:start': () => answer.promise })
  await settle()
  const starting = tasks.startExport({ kind: 'view', text: 'kind:threat', range: null }, 'csv')
  push('task:changed', done('a'))
  answer.resolve({ kind: 'started', task: taskOf('a') })
  await starting
  expect(tasks.list).toEqual([done('a')])
  expect(tasks.said).toBe('Export a. All of it.')
})

test('asks for one file at a time, and says why nothing was begun', async () => {
  const answer = later<TaskStarted>()
  const { tasks, asked, told, handlers } = setUp({ 'import:start': () => answer.promise })
  const first = tasks.startImport()
  await tasks.startImport()
  await tasks.startExport({ kind: 'view', text: '', range: null }, 'ndjson')
  expect(asked.map(({ name }) => name)).toEqual(['tasks:list', 'import:start'])
  answer.resolve({ kind: 'busy', detail: 'An import is under way.' })
  await first
  handlers['import:start'] = () => ({ kind: 'cancelled' })
  await tasks.startImport()
  handlers['export:start'] = () => Promise.reject(new Error('no answer'))
  await tasks.startExport({ kind: 'view', text: '', range: null }, 'csv')
  expect(told).toMatchObject([
    { tone: 'trouble', text: 'An import is under way.' },
    { tone: 'trouble', text: 'no answer' },
  ])
})

test('a cancelled one stays until it has ended; one that has ended is dismissed, and nothing brings it back', async () => {
  const { tasks, asked, push } = setUp({ 'tasks:list': () => [taskOf('a')] })
  await settle()
  await tasks.end(taskOf('a'))
  expect(tasks.list).toEqual([taskOf('a')])
  const ended = taskOf('a', { state: { kind: 'cancelled', detail: 'No file was written.' } })
  push('task:changed', ended)
  await tasks.end(ended)
  push('task:changed', ended)
  expect(tasks.list).toEqual([])
  expect(asked.filter(({ name }) => name === 'task:cancel')).toHaveLength(2)
})
