import { normalize } from 'node:path'
import { isReference } from '../secrets.ts'

/** A secret as it was entered, in the one form in which a person is asked about it and in which it is kept. */
export type Given = { readonly kind: 'value' | 'reference'; readonly value: string } | { readonly kind: 'refused'; readonly detail: string }

/** What is longer could not be shown whole. */
export const mostShown = 300

/** With blanks around it a reference is one all the same, and a path says where it leads. */
export function readGiven(given: string): Given {
  const trimmed = given.trim()
  if (!isReference(trimmed)) return { kind: 'value', value: given }
  const reference = trimmed.startsWith('file:') ? `file:${normalize(trimmed.slice('file:'.length))}` : trimmed
  if (reference.length > mostShown || hasHidden(reference)) {
    return {
      kind: 'refused',
      detail: `Where a secret is read from has at most ${mostShown} characters, all of them visible, so that it can be shown whole.`,
    }
  }
  return { kind: 'reference', value: reference }
}

/** Whether there is anything in it that a person could not see, or would see elsewhere. */
export function hasHidden(text: string): boolean {
  return /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text)
}
