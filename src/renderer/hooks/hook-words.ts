import type { Hook, HookFormat } from '../../shared/hooks.ts'

/** What each format is, in the order in which people want them. */
export const formatChoices: readonly { readonly value: HookFormat; readonly label: string }[] = [
  { value: 'detection', label: 'Standard Webhook' },
  { value: 'ecs', label: 'ECS, signed' },
  { value: 'splunk-hec', label: 'Splunk HEC' },
]

/** How it stands, in a few words. */
export function stateWords({ isOn, state: { waiting, sent, failed } }: Hook): string {
  const count = (number: number, word: string): string[] => (number === 0 ? [] : [`${number.toLocaleString('en')} ${word}`])
  const counts = [...count(waiting, isOn ? 'waiting' : 'waiting until it is on'), ...count(sent, 'sent'), ...count(failed, 'failed')]
  return [isOn ? 'On' : 'Off', ...(counts.length === 0 ? ['nothing sent yet'] : counts)].join(' · ')
}

/** What is to be entered as its secret, and what happens where nothing is. */
export function secretWords(format: HookFormat, isNew: boolean): { readonly label: string; readonly hint: string } {
  if (format === 'splunk-hec') {
    return { label: 'Token of the collector', hint: isNew ? 'Or env:NAME, or file:/path.' : 'Leave it empty to keep the one there is.' }
  }
  const hint = isNew ? 'Leave it empty to have one made; it is shown once.' : 'Leave it empty to keep the one there is.'
  return { label: 'Secret to sign with (whsec_…)', hint }
}
