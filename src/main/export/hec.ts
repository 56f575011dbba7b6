import type { Detection, Transition } from '../../shared/detection.ts'
import type { Leaving, Writer } from './format.ts'
import { plainJson } from './plain-json.ts'

/** One event a line, as Splunk's HTTP Event Collector takes them in: any number of them is the body of one request. */
export function createHecWriter(): Writer {
  return {
    begin: () => '',
    *add({ detection }: Leaving) {
      yield `${plainJson(toHecEvent(detection, null))}\n`
    },
    end: () => '',
  }
}

/** The collector keeps what it is sent twice twice: `messageId` is by what a search tells. */
export function toHecEvent(detection: Detection, transition: Transition | null, messageId?: string) {
  return {
    // Seconds, with the milliseconds behind the point.
    time: Date.parse(transition?.at ?? detection.changedAt) / 1_000,
    source: 'tocsin',
    sourcetype: 'slashid:detection',
    event: {
      ...(messageId === undefined ? {} : { messageId }),
      ...detection,
      ...(transition === null ? {} : { transition }),
      ...unsignedNotice(detection),
    },
  }
}

/** Said in every message of what nobody vouches for. */
export function unsignedNotice({ trust }: Pick<Detection, 'trust'>): { readonly notice?: string } {
  if (trust !== 'unsigned') return {}
  return { notice: 'Nobody signed this detection: whoever knows the way in for unsigned ones can have written it. It proves nothing.' }
}
