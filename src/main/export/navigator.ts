import type { Attack } from './attack.ts'
import type { Writer } from './format.ts'

const mostNamed = 20

/** A layer of the ATT&CK Navigator, format 4.5: how many detections point to each technique. One detection counts once for each. */
export function createNavigatorWriter(
  attack: Attack,
  about: { readonly query: string; readonly picked?: string | null; readonly madeAt: string },
): Writer {
  const scores = new Map<string, number>()
  /** What is no technique of this ATT&CK, and how often; the rest of a flood of names is only counted. */
  const unknown = new Map<string, number>()
  let otherUnknown = 0
  let detections = 0
  let withoutTechnique = 0

  function countUnknown(label: string): void {
    const before = unknown.get(label)
    if (before === undefined && unknown.size >= mostNamed) otherUnknown += 1
    else unknown.set(label, (before ?? 0) + 1)
  }

  return {
    begin: () => '',
    *add({ detection }) {
      detections += 1
      if (detection.techniques.length === 0) withoutTechnique += 1
      const ids = new Set<string>()
      for (const label of detection.techniques) {
        const technique = attack.technique(label)
        if (technique === null) countUnknown(label)
        else ids.add(technique.id)
      }
      for (const id of ids) scores.set(id, (scores.get(id) ?? 0) + 1)
      yield* []
    },
    end() {
      const ids = [...scores.keys()].sort()
      const highest = ids.reduce((most, id) => Math.max(most, scores.get(id) ?? 0), 1)
      // A technique is unfolded where one below it was counted, and has no score of its own then unless it was counted as well.
      const parents = new Set(ids.filter((id) => id.includes('.')).map(parentOf))
      const unfolded = [...parents].filter((id) => !scores.has(id)).sort()
      const layer = {
        name: 'SlashID detections',
        versions: { attack: attack.version.split('.')[0], navigator: '5.1.0', layer: '4.5' },
        domain: 'enterprise-attack',
        description:
          (about.query === ''
            ? about.picked
              ? 'Detections in Tocsin'
              : 'All detections in Tocsin'
            : `Detections in Tocsin found by: ${about.query}`) + (about.picked ? `, ${about.picked}` : ''),
        sorting: 3,
        hideDisabled: false,
        techniques: [
          ...ids.map((id) => ({
            techniqueID: id,
            score: scores.get(id) ?? 0,
            comment: '',
            enabled: true,
            metadata: [],
            links: [],
            showSubtechniques: parents.has(id),
          })),
          ...unfolded.map((id) => ({ techniqueID: id, enabled: true, metadata: [], links: [], showSubtechniques: true })),
        ],
        gradient: { colors: ['#fde8d8', '#d9480f'], minValue: 0, maxValue: highest },
        legendItems: [],
        metadata: [
          { name: 'made at', value: about.madeAt },
          { name: 'made by', value: 'Tocsin' },
          { name: 'ATT&CK', value: attack.version },
          { name: 'detections', value: String(detections) },
          { name: 'detections without a technique', value: String(withoutTechnique) },
          { name: 'techniques not in this ATT&CK', value: String([...unknown.values()].reduce((sum, count) => sum + count, otherUnknown)) },
          ...[...unknown].map(([label, count]) => ({ name: `not in this ATT&CK: ${label}`, value: String(count) })),
        ],
        links: [],
        showTacticRowBackground: false,
        tacticRowBackground: '#dddddd',
        selectTechniquesAcrossTactics: true,
        selectSubtechniquesWithParent: false,
        selectVisibleTechniques: false,
      }
      return `${JSON.stringify(layer, null, 2)}\n`
    },
  }
}

function parentOf(id: string): string {
  return id.slice(0, id.indexOf('.'))
}
