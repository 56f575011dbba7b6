import { assertNever } from '../../shared/assert-never.ts'
import type { NotOpened } from '../store/database.ts'
import { plain } from './plain-text.ts'

/** Why the app cannot start. */
export type StartTrouble =
  | { readonly kind: `history-${NotOpened['kind']}`; readonly detail: string }
  | { readonly kind: 'profile-unusable'; readonly detail: string }
  /** Anything else: a bug, or a part that could not be built. */
  | { readonly kind: 'unexpected'; readonly detail: string }

const longest = 1_000
const otherProfile = 'Tocsin can also start with another profile: --user-data FOLDER.'

const restoreIt =
  'The command “tocsin restore” sets the damaged files aside together, puts the newest verified backup in their place, and says what is missing.'

/** What happened, what is safe and what to do next. */
export function startTroubleWords(trouble: StartTrouble): { readonly title: string; readonly text: string } {
  switch (trouble.kind) {
    case 'history-newer':
      return history('Tocsin cannot open this history: a newer version wrote it', trouble.detail)
    case 'history-damaged':
      return history('Tocsin cannot open this history: it is damaged', `${trouble.detail} ${restoreIt}`)
    case 'history-foreign':
      return history('Tocsin cannot open this history: it belongs to another program', trouble.detail)
    case 'history-older':
    case 'history-missing':
    case 'history-unavailable':
      return history('Tocsin cannot open this history', trouble.detail)
    case 'profile-unusable':
      return {
        title: 'Tocsin cannot use its profile folder',
        text: `${plain(trouble.detail, longest)}\n\nThe folder must belong to you and be writable. ${otherProfile}`,
      }
    case 'unexpected':
      return {
        title: 'Tocsin could not start',
        text: `${plain(trouble.detail, longest)}\n\nNothing was deleted. The file tocsin.log in the profile folder says more.`,
      }
    default:
      return assertNever(trouble)
  }
}

/** The details of the store say themselves what is safe and what to do. */
function history(title: string, detail: string): { readonly title: string; readonly text: string } {
  return { title, text: `${plain(detail, longest)}\n\n${otherProfile}` }
}
