import type { PostureAsked, ReportFormat } from '../../shared/posture.ts'

/** What the dialog suggests: a name with the day in it, as this computer's clock has it, that every file system takes. */
export function reportFile({ framework, format }: PostureAsked & { readonly format: ReportFormat }, now: number) {
  const day = new Date(now - new Date(now).getTimezoneOffset() * 60_000).toISOString().slice(0, 10)
  const words = (framework ?? '').toLowerCase().match(/[a-z0-9]+/g) ?? []
  const about = words
    .map((word) => `-${word}`)
    .join('')
    .slice(0, 60)
  return {
    title: 'Save a report on posture',
    name: `tocsin-posture${about}-${day}.${format}`,
    kind: format === 'pdf' ? { name: 'PDF', extensions: ['pdf'] } : { name: 'Web page', extensions: ['html'] },
  }
}
