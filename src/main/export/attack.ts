import { z } from 'zod'
import type { AttackMatrix } from '../../shared/attack.ts'
import { createAttackNames, type AttackNames } from '../../shared/attack-names.ts'

const attackSchema = z.object({
  version: z.string(),
  notice: z.string(),
  tactics: z.array(z.object({ id: z.string(), shortName: z.string(), name: z.string() })),
  techniques: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      tactics: z.array(z.string()),
      revokedBy: z.string().optional(),
      deprecated: z.boolean().optional(),
    }),
  ),
})

export type Tactic = { readonly id: string; readonly shortName: string; readonly name: string }
export type Technique = { readonly id: string; readonly name: string; readonly tactics: readonly string[] }

/** MITRE ATT&CK for Enterprise, as far as a detection can point to it. */
export type Attack = AttackNames & {
  readonly version: string
  readonly matrix: AttackMatrix
  /** By id or name, as `createAttackNames` reads them; null for what is none. */
  tactic(label: string): Tactic | null
  /** By id, or by a name that only one has; an old id is that of what took its place. */
  technique(label: string): Technique | null
}

type AttackFile = z.infer<typeof attackSchema>

/** Reads the text of resources/attack-enterprise.json. Throws where it is anything else: it comes with Tocsin. */
export function readAttack(text: string): Attack {
  const file = attackSchema.parse(JSON.parse(text))
  const matrix = toMatrix(file)
  const { nameOf } = createAttackNames(matrix)
  const tactics = new Map(file.tactics.map((tactic) => [tactic.id, tactic]))
  const techniques = new Map(file.techniques.map((technique) => [technique.id, technique]))
  const idOf = (label: string): string => {
    const name = nameOf(label)
    return name.kind === 'known' ? name.id : ''
  }
  return {
    version: file.version,
    matrix,
    nameOf,
    tactic: (label) => tactics.get(idOf(label)) ?? null,
    technique: (label) => techniques.get(idOf(label)) ?? null,
  }
}

function toMatrix({ version, notice, tactics, techniques }: AttackFile): AttackMatrix {
  const isPast = ({ revokedBy, deprecated }: AttackFile['techniques'][number]): boolean => revokedBy !== undefined || deprecated === true
  const present = techniques.filter((technique) => !isPast(technique))
  const partsOf = new Map<string, { readonly id: string; readonly name: string }[]>()
  for (const { id, name } of present) {
    const whole = parentOf(id)
    if (whole !== null) partsOf.set(whole, [...(partsOf.get(whole) ?? []), { id, name }])
  }
  const wholes = present.filter(({ id }) => parentOf(id) === null).sort((one, other) => (one.name < other.name ? -1 : 1))
  const successor = new Map(techniques.map(({ id, revokedBy }) => [id, revokedBy]))
  return {
    version,
    notice,
    tactics: tactics.map(({ id, name, shortName }) => ({
      id,
      name,
      techniques: wholes
        .filter((technique) => technique.tactics.includes(shortName))
        .map((technique) => ({ id: technique.id, name: technique.name, parts: partsOf.get(technique.id) ?? [] })),
    })),
    past: techniques.filter(isPast).map(({ id, name }) => ({ id, name, now: lastOf(id) })),
  }

  /** What took the place of one may itself be no more. */
  function lastOf(id: string): string | null {
    let now = successor.get(id)
    for (let steps = 0; now !== undefined && successor.get(now) !== undefined && steps < 10; steps++) now = successor.get(now)
    return now ?? null
  }
}

function parentOf(id: string): string | null {
  const at = id.indexOf('.')
  return at === -1 ? null : id.slice(0, at)
}
