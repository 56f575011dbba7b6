import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { ruleActions } from '../shared/rules.ts'
import { exportFormats } from '../shared/tasks.ts'
import type { DoctorOptions, KeepOptions, RestoreOptions, RetentionOptions } from './care.ts'
import type { Context, ExitCode } from './context.ts'
import type { EvidenceOptions } from './evidence.ts'
import type { ExportOptions } from './export.ts'
import type { ImportOptions } from './import.ts'
import type { IngressOptions } from './ingress.ts'
import { listenAddress, natsUrl, publicName, streamName, subjectName } from './ingress-options.ts'
import { byteSize, positiveNumber, shortText, timeSpan, wholeNumber } from './options.ts'
import type { AddOptions } from './org.ts'
import type { QueryOptions } from './query.ts'
import type { TryOptions } from './rules.ts'
import type { SimulateOptions } from './simulate.ts'
import type { VerifyOptions } from './verify.ts'
import { visible } from './visible.ts'
import type { RegisterOptions, WebhookOptions } from './webhook.ts'

const say = (text: string): void => void process.stderr.write(`${visible(text)}\n`)

const write = (text: string): Promise<void> => new Promise((resolve) => process.stdout.write(text, () => resolve()))

// Whoever reads may have seen enough, as `head` does: nothing is wrong then, and nothing is left to do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  say(`The result cannot be written (${error.message}).`)
  process.exit(1)
})

/** What is looked for may begin with one dash, and with two only behind `--`. */
function searchOf(command: Command, words: readonly string[]): string {
  const behind = process.argv.indexOf('--') < 0 ? 0 : process.argv.length - process.argv.indexOf('--') - 1
  const unknown = words.slice(0, words.length - behind).find((word) => word.startsWith('--'))
  if (unknown !== undefined) command.error(`error: unknown option '${unknown}'`)
  return words.join(' ')
}

/** Runs a command with what its options say about the world, and leaves with its exit code. Commands load what they need when they run. */
async function run(command: Command, work: (context: Context) => Promise<ExitCode>): Promise<void> {
  const { defaultProfile } = await import('../main/profile.ts')
  const { userData } = command.optsWithGlobals<{ userData?: string }>()
  const profile = resolve(userData ?? defaultProfile(process.env, process.platform, homedir()))
  process.exitCode = await work({ profile, write, say, now: Date.now })
}

function program(): Command {
  const tocsin = new Command('tocsin')
    .description('SlashID identity detections, kept and shown on this machine')
    .option('--user-data <dir>', "the profile to use; the app's own unless given", shortText)
    .exitOverride()
    .configureOutput({ writeErr: (text) => void process.stderr.write(text.split('\n').map(visible).join('\n')) })
    .showHelpAfterError('(--help shows how)')

  const org = tocsin.command('org').description('organizations whose detections are believed')
  org
    .command('add')
    .description('believe an organization; a running app does so within a second')
    .requiredOption('--id <org>', 'its id, as in the aud claim')
    .requiredOption('--issuer <url>', 'https://api.slashid.com or https://api.sandbox.slashid.com')
    .option('--name <name>', 'what to call it; its id unless given')
    .option('--jwks <file>', 'pin the keys of this JWK set; without it they are fetched from the issuer')
    .action((options: AddOptions, command: Command) =>
      run(command, async (context) => (await import('./org.ts')).addOrganization(context, options)),
    )
  org
    .command('list')
    .description('one line each')
    .action((_: object, command: Command) => run(command, async (context) => (await import('./org.ts')).listOrganizations(context)))
  org
    .command('register')
    .description('create its webhook at SlashID, with both triggers and a secret header')
    .requiredOption('--id <org>', 'an organization that was added')
    .requiredOption('--api-key-from <place>', 'env:NAME or file:PATH: where to read an API key of an admin, now and later')
    .option(
      '--public-url <url>',
      'where your tunnel begins, such as https://example.ngrok.app, or the whole target URL of another way in; what the settings say unless given',
    )
    .option('--name <name>', 'what SlashID shall call it', 'Tocsin')
    .action((options: RegisterOptions, command: Command) =>
      run(command, async (context) => (await import('./webhook.ts')).registerWebhook(context, options)),
    )
  org
    .command('webhook')
    .description('look at its webhook at SlashID: registered, different or missing')
    .requiredOption('--id <org>', 'an organization that was added')
    .option('--api-key-from <place>', 'env:NAME or file:PATH; the place named when it was registered unless given')
    .option('--repair', 'change what is different')
    .option('--remove', 'delete it at SlashID')
    .action((options: WebhookOptions, command: Command) =>
      run(command, async (context) => (await import('./webhook.ts')).webhook(context, options)),
    )

  tocsin
    .command('simulate')
    .description('stand for SlashID: send signed detections of a demo organization to the running app')
    .option('--count <n>', 'how many deliveries', wholeNumber(1, 1_000_000), 20)
    .option('--rate <per-second>', 'how many a second; as fast as they are acknowledged unless given', positiveNumber)
    .option('--seed <text>', 'the same seed updates the same detections; random unless given', shortText)
    .action((options: SimulateOptions, command: Command) =>
      run(command, async (context) => (await import('./simulate.ts')).simulateDeliveries(context, options)),
    )

  tocsin
    .command('query')
    .description('detections, newest first')
    // What begins with a dash and is no option excludes.
    .allowUnknownOption()
    .argument('[text...]', 'words, "a phrase", type:Missing* confidence>=0.8 -status:resolved (a OR b) last:7d metadata.ip:10.0.0.1')
    .option('--json', 'one detection a line, in the shape of src/shared/detection.ts', false)
    .option('--limit <n>', 'at most so many; all unless given', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .action((words: readonly string[], options: QueryOptions, command: Command) =>
      run(command, async (context) => (await import('./query.ts')).queryDetections(context, searchOf(command, words), options)),
    )

  tocsin
    .command('export')
    .description(
      'what a search finds, as a file for other programs; ndjson holds everything but who changed its triage when, and can be imported',
    )
    .allowUnknownOption()
    .argument('[text...]', 'as for query; everything unless given')
    .addOption(
      new Option('--format <format>', 'csv begins with a byte order mark, for spreadsheets').choices(exportFormats).makeOptionMandatory(),
    )
    .requiredOption('--out <file>', 'a new file, which is there once it is whole; - writes to the output as it goes')
    .action((words: readonly string[], options: ExportOptions, command: Command) =>
      run(command, async (context) => (await import('./export.ts')).exportDetections(context, searchOf(command, words), options)),
    )
  tocsin
    .command('import')
    .description('take in ndjson exports and files of raw tokens, one a line; each is checked, and nothing doubles')
    .argument('<file...>', 'one or several')
    .option('--unsigned', 'take also what nobody signed, for any organization that was added', false)
    .action((files: readonly string[], options: ImportOptions, command: Command) =>
      run(command, async (context) => (await import('./import.ts')).importFiles(context, files, options)),
    )

  const rules = tocsin
    .command('rules')
    .description('what decides when Tocsin speaks, in its order; rules are changed in the app')
    .option('--json', 'one JSON object instead of a table', false)
    .action((options: { readonly json: boolean }, command: Command) =>
      run(command, async (context) => (await import('./rules.ts')).listRules(context, options)),
    )
  rules
    .command('try')
    .description('what one more rule would have said of the last 30 days; nothing is changed')
    .requiredOption('--query <text>', "as for query; '' finds everything")
    .addOption(new Option('--action <action>', 'what it does with what it finds').choices(ruleActions).makeOptionMandatory())
    .action((_: object, command: Command) =>
      run(command, async (context) => (await import('./rules.ts')).tryRule(context, command.optsWithGlobals<TryOptions>())),
    )

  tocsin
    .command('verify')
    .description('check the chain, the mark and every signature of the history; exit code 0 only if all holds')
    .option('--json', 'one JSON object instead of a table', false)
    .option('--bundle <file>', 'check an evidence bundle instead, which needs no profile')
    .action((options: VerifyOptions, command: Command) =>
      run(command, async (context) => (await import('./verify.ts')).verify(context, options)),
    )
  tocsin
    .command('evidence')
    .description('write a file that proves one detection to whoever has neither this history nor Tocsin')
    .argument('<id>', 'of the detection')
    .option('--organization <org>', 'where detections of several organizations have this id', shortText)
    .option('--out <file>', 'where to write it; named by the id and in this folder unless given')
    .action((id: string, options: EvidenceOptions, command: Command) =>
      run(command, async (context) => (await import('./evidence.ts')).writeEvidence(context, id, options)),
    )
  tocsin
    .command('ingress')
    .description('the always-on half: take what SlashID posts, and keep it in a NATS JetStream stream')
    .requiredOption('--listen <[address:]port>', 'where to listen; 127.0.0.1 unless an address is given', listenAddress)
    .requiredOption('--nats <url>', 'the server, such as tls://nats.example.com:4222', natsUrl)
    .option('--host <name>', 'the public name that SlashID posts to, where a proxy with TLS leads here', publicName)
    .option('--secret-file <file>', 'keep the secret of the address here, so that it survives a restart')
    .option('--stream <name>', 'the stream; created where it is absent', streamName, 'TOCSIN')
    .option('--subject <subject>', "the subject to publish on; the stream's name and .deliveries unless given", subjectName)
    .option('--ca-file <file>', 'the certificate authority of the server, where it is not a public one')
    .option('--creds <file>', 'a .creds file to show the server')
    .option('--user <name>', 'a user, with --password-from', shortText)
    .option('--password-from <place>', 'env:NAME or file:PATH')
    .option('--token-from <place>', 'env:NAME or file:PATH')
    .option('--nkey-from <place>', 'env:NAME or file:PATH, of a seed')
    .action(async (options: IngressOptions) => {
      const { ingress } = await import('./ingress.ts')
      process.exitCode = await ingress({ write, say, now: Date.now }, options)
    })

  addCare(tocsin)
  return tocsin
}

function addCare(tocsin: Command): void {
  tocsin
    .command('doctor')
    .description('the health of the profile in one page; exit code 1 if anything is in trouble')
    .option('--json', 'one JSON object instead of a table', false)
    .option('--time <seconds>', 'how long the look at the structure may take', wholeNumber(1, 86_400), 30)
    .option('--mend-search', 'where nothing but what searches go by is damaged, make that anew from what was received', false)
    .option('--anyway', 'with --mend-search: make it anew although nothing was found to be damaged', false)
    .action((options: DoctorOptions, command: Command) =>
      run(command, async (context) => (await import('./care.ts')).doctor(context, options)),
    )
  tocsin
    .command('backup')
    .description('make a verified backup now; the app makes one every day')
    .action((_: object, command: Command) => run(command, async (context) => (await import('./care.ts')).backUp(context)))
  tocsin
    .command('restore')
    .description('put a backup in the place of the history, which is set aside; the app must not run, nor a command that writes')
    .option('--from <file>', 'this one; unless given, of those that pass their check the one with the most of the history that was here')
    .action((options: RestoreOptions, command: Command) =>
      run(command, async (context) => (await import('./care.ts')).restoreHistory(context, options)),
    )
  tocsin
    .command('retention')
    .description('let go of what is old; never of open triage or of what is marked to keep, and of new ones only when told to')
    .option('--older-than <time>', 'what has not changed for so long: 365d', timeSpan)
    .option('--max-size <size>', 'the oldest, until the history is no larger: 2GiB', byteSize)
    .addOption(new Option('--kind <kind>', 'only these').choices(['threat', 'posture']))
    .option('--new-too', 'let go also of what nobody has taken up yet', false)
    .option('--ongoing-too', 'let go also of what was ongoing when it was heard of last', false)
    .option('--preview', 'say what would go', false)
    .option('--apply', 'let it go', false)
    .option('--json', 'one JSON object instead of a table', false)
    .action((options: RetentionOptions, command: Command) =>
      run(command, async (context) => (await import('./care.ts')).retain(context, options)),
    )
  tocsin
    .command('keep')
    .description('mark a detection as evidence that retention never takes')
    .argument('<id>', 'of the detection')
    .option('--organization <org>', 'where detections of several organizations have this id', shortText)
    .option('--no', 'take the mark away', false)
    .action((id: string, options: KeepOptions, command: Command) =>
      run(command, async (context) => (await import('./care.ts')).keepDetection(context, id, options)),
    )
}

try {
  await program().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // Help that was asked for is a success; help for want of a command is not.
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else {
    const { damageWords } = await import('../main/store/search-damage.ts')
    const what = `It did not work: ${error instanceof Error ? error.message : String(error)}.`
    say(`${what} ${damageWords(error) ?? 'What is in the history is safe.'}`)
    process.exitCode = 1
  }
}
