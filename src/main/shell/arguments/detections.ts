import { z } from 'zod'
import { detectionKey, type Schemas } from './shapes.ts'

export const detectionsArguments = {
  // A page could look for what it was not shown: the key names one detection, which the user may read anyway.
  'detection:open': detectionKey,
  // A page could take the mark from evidence: what goes after that is still asked for in a dialog, or was granted in one.
  'detection:keep': z.strictObject({
    key: detectionKey,
    keep: z.boolean(),
  }),
  // A page could fill the disk or overwrite a file: the user chooses each place in a dialog of the desktop, one at a time.
  'evidence:save': detectionKey,
} satisfies Partial<Schemas>
