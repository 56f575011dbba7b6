import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AttackAnswer, AttackMatrix } from '../../shared/attack.ts'
import type { EntityDetail, EntityKey, EntityList } from '../../shared/entity.ts'
import type { FileSaved, Requests } from '../../shared/ipc.ts'
import type { PostureAsked, PostureOverview } from '../../shared/posture.ts'
import type { Wanted } from '../../shared/view.ts'
import { readAttack, type Attack } from '../export/attack.ts'
import type { Reader } from '../reader/reader.ts'
import { writeReport } from '../report/report.ts'
import { saveReport } from '../report/save.ts'
import { version } from '../version.ts'
import { countAttack } from './attack-counts.ts'

/** What the history comes to: by entity, as posture, in the words of ATT&CK. Read beside the main thread. */
export type InsightPlace = {
  entities(wanted: Requests['entities:list']['argument']): Promise<EntityList>
  entity(key: EntityKey): Promise<EntityDetail | null>
  posture(asked: PostureAsked): Promise<PostureOverview>
  /** `print` makes what is written of the page. */
  saveReport(asked: PostureAsked, path: string, print: (html: string) => Promise<string | Uint8Array>): Promise<FileSaved>
  matrix(): AttackMatrix
  attack(wanted: Wanted): Promise<AttackAnswer>
}

export function createInsight({
  ask,
  resources,
  now,
}: {
  readonly ask: Reader['ask']
  /** The folder of the files that the running app opens. */
  readonly resources: string
  readonly now: () => number
}): InsightPlace {
  let known: Attack | null = null
  const attack = (): Attack => (known ??= readAttack(readFileSync(join(resources, 'attack-enterprise.json'), 'utf8')))

  return {
    entities: (wanted) => ask('entities', wanted, 'entities'),
    entity: (key) => ask('entity', key, 'entity'),
    posture: (asked) => ask('posture', asked, 'posture'),
    saveReport: (asked, path, print) =>
      saveReport(path, async () => {
        const report = await ask('postureReport', asked, 'report')
        return print(writeReport(report, { ...asked, madeAt: now(), madeBy: `Tocsin ${version}` }))
      }),
    matrix: () => attack().matrix,
    async attack(wanted) {
      const found = await ask('mappings', wanted, 'attack')
      return found.kind === 'refused' ? found : { kind: 'attack', ...countAttack(attack(), found) }
    },
  }
}
