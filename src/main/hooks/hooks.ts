import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readAttack, type Attack } from '../export/attack.ts'
import { createHooks, type Hooks } from './hooks-place.ts'

/** The hooks of the app; `resources` is the folder of the files that the running app opens. */
export function createAppHooks({
  resources,
  ...parts
}: Omit<Parameters<typeof createHooks>[0], 'attack' | 'post'> & { readonly resources: string }): Hooks {
  // Only where something is sent as ECS: it is a large file.
  let attack: Attack | null = null
  return createHooks({ ...parts, attack: () => (attack ??= readAttack(readFileSync(join(resources, 'attack-enterprise.json'), 'utf8'))) })
}
