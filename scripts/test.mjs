/** Runs the named steps, all of them without a name, goes on after a failure, and ends with the counts of everything. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'

const results = join('test-results', 'counts')
const report = (name) => join(results, `${name}.json`)
const mostFailureLines = 20

/** The tests of these projects of vitest.config.ts, counted together. */
const vitest = (name, ...projects) => ({
  command: [
    ...['vitest', 'run', ...projects.flatMap((project) => ['--project', project])],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report(name)}`],
  ],
  count: ({ numPassedTests, numFailedTests, numPendingTests }) => ({
    passed: numPassedTests,
    failed: numFailedTests,
    skipped: numPendingTests,
  }),
  // A file that does not load has no test of its own.
  failures: ({ testResults }) =>
    testResults.flatMap(({ name: file, status, assertionResults, message }) => {
      const failed = assertionResults.filter((test) => test.status === 'failed')
      if (failed.length === 0) return status === 'failed' ? [`${relative('.', file)}: ${message}`] : []
      return failed.map((test) => `${relative('.', file)}: ${test.fullName}\n${test.failureMessages.join('\n')}`)
    }),
})

/**
 * A step counts as one test, unless it leaves a report that counts them. Those that only read the source keep one core each busy, so that
 * they go beside one another; what they say is shown when they are through.
 */
const steps = {
  types: { command: ['npm', 'run', '--silent', 'types'], isBeside: true },
  lint: { command: ['eslint', '.', '--max-warnings', '0'], isBeside: true },
  format: { command: ['prettier', '--check', '--log-level', 'warn', '.'], isBeside: true },
  unit: vitest('unit', 'unit', 'unit-alone'),
  faults: vitest('faults', 'faults'),
  build: { command: ['electron-vite', 'build', '--logLevel', 'warn'] },
  e2e: {
    command: ['playwright', 'test'],
    count: ({ stats }) => ({ passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped }),
    failures: ({ suites }) => suites.flatMap(failedSpecs),
  },
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in steps))
if (unknown.length > 0) {
  console.error(`no such step: ${unknown.join(', ')}; there is ${Object.keys(steps).join(', ')}`)
  process.exit(2)
}

rmSync(results, { recursive: true, force: true })
mkdirSync(results, { recursive: true })
const total = { passed: 0, failed: 0, skipped: 0 }
const failures = []
const wanted = names.length > 0 ? names : Object.keys(steps)
const beside = wanted.filter((name) => steps[name].isBeside)
const runBeside = async () => {
  for (let name = beside.shift(); name !== undefined; name = beside.shift()) await take(name)
}
await Promise.all([runBeside(), runBeside()])
for (const name of wanted) if (!steps[name].isBeside) await take(name)
// Again at the end: whoever reads a long log from there sees what to mend.
for (const failure of failures) console.log(`\nfailed: ${failure.split('\n').slice(0, mostFailureLines).join('\n')}`)
console.log(`\n${words(total)}`)
process.exit(total.failed > 0 ? 1 : 0)

async function take(name) {
  const startedAt = Date.now()
  if (!steps[name].isBeside) console.log(`\n== ${name}`)
  const outcome = await runStep(name, steps[name])
  for (const key of Object.keys(total)) total[key] += outcome[key]
  console.log(`== ${name}: ${words(outcome)} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}

async function runStep(name, { command, count, failures: ownFailures, isBeside }) {
  const code = await new Promise((done) => {
    const stdio = isBeside ? ['ignore', 'pipe', 'pipe'] : 'inherit'
    const child = spawn(command[0], command.slice(1), { stdio, shell: process.platform === 'win32' })
    const said = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => said.push(part))
    child.on('error', (error) => (console.error(error.message), done(1)))
    child.on('close', (exitCode) => {
      if (isBeside) process.stdout.write(`\n== ${name}\n${Buffer.concat(said)}`)
      done(exitCode ?? 1)
    })
  })
  const read = count && existsSync(report(name)) ? JSON.parse(readFileSync(report(name), 'utf8')) : null
  const named = read === null || code === 0 ? [] : ownFailures(read)
  failures.push(...(code !== 0 && named.length === 0 ? [name] : named))
  if (read === null) return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
  const counted = count(read)
  // A runner may fail for more than a failed test: a file that does not load, an unhandled rejection.
  return { ...counted, failed: code !== 0 && counted.failed === 0 ? 1 : counted.failed }
}

function failedSpecs({ title, specs = [], suites = [] }) {
  const own = specs.filter(({ ok }) => !ok).map((spec) => `${title}: ${spec.title}\n${spec.tests.flatMap(messagesOf).join('\n')}`)
  return [...own, ...suites.flatMap(failedSpecs)]
}

function messagesOf({ results }) {
  return results.flatMap(({ errors }) => errors.map(({ message = '' }) => message))
}

function words({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
