import { z } from 'zod'
import { columnNames, densities, mostRecent, notificationContents } from '../../../shared/settings.ts'
import { hours } from './rules.ts'
import { nothing, type Schemas } from './shapes.ts'

const mebibyte = 1_048_576

export const appArguments = {
  // Counts and words only: there is nothing to take.
  'health:read': nothing,
  // The receiver's address with its secret is told: with it anyone can be heard by the receiver, not believed.
  'app:read': nothing,
  // A page could fill the history with samples: the handler sends one at a time, and they are marked as a demonstration.
  'sample:send': nothing,
  // Choices of the user: no secret is among them.
  'settings:read': nothing,
  // A page could turn notifications off, as the user can: the change is pushed to every view. It could name a public address of its own to
  // have the secrets of senders sent there: the user is asked in a dialog about each new one.
  'settings:write': z.strictObject({
    theme: z.enum(['system', 'dark', 'light']).exactOptional(),
    notify: z.boolean().exactOptional(),
    quietHours: hours
      .refine(({ days }) => days.length > 0)
      .nullable()
      .exactOptional(),
    notificationContent: z.enum(notificationContents).exactOptional(),
    // The desktop is told as well: a page could have Tocsin start at login, which starts nothing else.
    startAtLogin: z.boolean().exactOptional(),
    density: z.enum(densities).exactOptional(),
    columns: z.array(z.enum(columnNames)).max(columnNames.length).exactOptional(),
    recentSearches: z.array(z.string().max(1_000)).max(mostRecent).exactOptional(),
    publicOrigin: z.string().max(2_048).nullable().exactOptional(),
    requireSecretHeader: z.boolean().exactOptional(),
  }),
  // A page could plant a command for a terminal: text only and bounded, and the clipboard is never read.
  'clipboard:write': z.string().refine((text) => Buffer.byteLength(text) <= mebibyte),
} satisfies Partial<Schemas>
