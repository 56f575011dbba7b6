import type { Json } from '../../src/shared/detection.ts'
import { delivery } from './seeds.ts'
import type { SeededDelivery } from '../../bench/seed.ts'

/** Texts that are no text anywhere else: each is what somebody could name a user, a role or a field. */
export const hostileTexts: readonly string[] = [
  '<script>window.pwned=1</script>',
  '"><img src=x onerror="window.pwned=1">',
  "'-alert(1)-'",
  '<svg/onload=window.pwned=1>',
  '<iframe src="javascript:parent.pwned=1"></iframe>',
  '<a href="https://evil.invalid/?x" onmouseover=window.pwned=1>click</a>',
  'javascript:window.pwned=1',
  '{{constructor.constructor("window.pwned=1")()}}',
  '${window.pwned=1}',
  '{@html "<img src=x onerror=window.pwned=1>"}',
  '<link rel=stylesheet href=https://evil.invalid/a.css>',
  '</title></style></textarea><style>*{display:none!important}</style>',
  '<base href="https://evil.invalid/"><form action=https://evil.invalid/><button>Log in</button></form>',
  '<meta http-equiv="refresh" content="0;url=https://evil.invalid/">',
  "Robert'); DROP TABLE detections;--",
  '" OR 1=1 --',
  '../../../../etc/passwd',
  'file:///etc/passwd',
  '=cmd|"/c calc"!A0',
  '%s%n%x %00 %0d%0a',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  '[object Object]',
  'NaN',
  '-1e309',
  'user\u202Egpj.exe',
  '\u202Eevil\u202C \u2066isolated\u2069',
  'zero\u200Bwidth\u200Cjoiner\u200D\uFEFFhere',
  'tag\u{E0041}\u{E0042}\u{E007F} end',
  'null\u0000byte \u0007bell \u001B[31mred\u001B[0m',
  'line\none\rtwo\u2028three\u2029four\tfive',
  'Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334\u0319\u0324\u031E\u0349\u035A\u032F\u031E\u0320\u034DA\u036B\u0357\u0334\u0362\u0335\u031C\u0330\u0354L\u0368\u0367\u0369\u0358\u0320G\u0311\u0357\u030E\u0305\u035B\u0341O\u0342\u0341',
  'محاولة حشو بيانات الاعتماد من حساب المسؤول',
  'שלום admin עולם root',
  '田中さんにあげて下さい',
  '👩‍👩‍👧‍👦🏳️‍🌈 🇺🇸🇷🇺🇸 👨🏿‍🚀',
  'ﷺ﷽',
  '‮'.repeat(40),
  '\u200B'.repeat(100),
  'W'.repeat(400),
  'i'.repeat(500),
  'a b '.repeat(120),
  '＜ｓｃｒｉｐｔ＞ﬁ',
  'аdmin (first letter Cyrillic)',
  '\u00A0\u00A0leading and trailing\u3000',
  '-',
  '*',
  '(',
  '"',
  'a"b\\c',
]

/** One detection for each text, with the text in every field that has one; threats and posture issues by turns. */
export function hostileDeliveries(endAt: number): readonly SeededDelivery[] {
  return hostileTexts.map((text, index) => {
    const kind = index % 2 === 0 ? 'threat' : 'posture'
    const detectedAt = endAt - (hostileTexts.length - index) * 20 * 60_000
    const values: Json = { [text]: text, list: [text, { [text]: [text] }], deep: { [text]: { [text]: text } } }
    const more = {
      entity_id: text,
      entity_type: text,
      source_type: text,
      connection_id: text,
      tracking_status: text,
      detection_mitre_tactic: [text, 'TA0006'],
      detection_mitre_technique: [text, 'T1110'],
      compliance_frameworks: [text],
      confidence_score: (index % 100) / 100,
      metadata: values,
      [`unknown ${text}`]: text,
    }
    return delivery({
      id: `hostile-${index} ${text.replace(/\p{Surrogate}/gu, '')}`.slice(0, 500),
      kind,
      type: text,
      status: text,
      detectedAt,
      more,
    })
  })
}
