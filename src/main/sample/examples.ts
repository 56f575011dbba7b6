import type { Json, JsonObject, Kind } from '../../shared/detection.ts'
import type { Random } from './random.ts'

/**
 * What the demo organization detects. SlashID publishes no list of its types: those it names in its documentation are
 * here, and what is made up says so by its name.
 */
export type Example = {
  readonly type: string
  readonly kind: Kind
  readonly status: 'detected' | 'ongoing'
  readonly sources: readonly [Source, ...Source[]]
  /** Least and most; null where the sender gives none. */
  readonly confidence: readonly [number, number] | null
  /** In each of the forms that a mapping may come in, since no source says which one SlashID uses. */
  readonly tactic: Json
  readonly technique: Json
  /** Fields of the sender beside the documented ones. */
  readonly more: JsonObject
  readonly metadata: (random: Random) => JsonObject
}

export type Source = {
  readonly sourceType: string
  readonly entityType: string
  readonly entityId: (name: string, random: Random) => string
}

const okta: Source = { sourceType: 'okta_org', entityType: 'okta_user', entityId: (_, random) => `00u${random.hex(17)}` }
const oktaRole: Source = { sourceType: 'okta_org', entityType: 'okta_role', entityId: (_, random) => `cr0${random.hex(17)}` }
const aws: Source = { sourceType: 'aws_account', entityType: 'aws_iam_user', entityId: (name) => `arn:aws:iam::123456789012:user/${name}` }
const snowflake: Source = {
  sourceType: 'snowflake_account',
  entityType: 'snowflake_user',
  entityId: (name) => name.toUpperCase().replace('-', '_'),
}
const entra: Source = { sourceType: 'entra_tenant', entityType: 'entra_user', entityId: (_, random) => random.uuid() }
const azure: Source = { sourceType: 'azure_tenant', entityType: 'azure_service_principal', entityId: (_, random) => random.uuid() }
const gcp: Source = {
  sourceType: 'gcp_project',
  entityType: 'gcp_service_account',
  entityId: (name) => `${name}@demo-project.iam.gserviceaccount.com`,
}
const google: Source = {
  sourceType: 'google_workspace_instance',
  entityType: 'google_workspace_user',
  entityId: (name) => `${name}@demo.tocsin.invalid`,
}
const directory: Source = {
  sourceType: 'active_directory',
  entityType: 'active_directory_user',
  entityId: (name) => `CN=${name},OU=Staff,DC=demo,DC=invalid`,
}
const postgres: Source = { sourceType: 'postgres_instance', entityType: 'postgres_role', entityId: (name) => name.replace('-', '_') }

export const names = [
  'ana.silva',
  'ci-deploy',
  'backup-agent',
  'zoë.ångström',
  '佐藤.花子',
  'dmitri.петров',
  'svc-billing',
  'm.okonkwo',
  'terraform',
  'layla.حداد',
  'reporting-ro',
  'j.o’brien',
] as const

/** Addresses of the ranges kept for documentation. */
const address = (random: Random): string => `${random.pick(['192.0.2', '198.51.100', '203.0.113'])}.${random.between(1, 254)}`
const addresses = (random: Random): string[] => Array.from({ length: random.between(1, 5) }, () => address(random))
const country = (random: Random): string => random.pick(['BR', 'DE', 'JP', 'NG', 'NL', 'SG', 'US', 'VN'])

export const examples: readonly [Example, ...Example[]] = [
  {
    type: 'CredentialStuffingAttempt',
    kind: 'threat',
    status: 'detected',
    sources: [okta, entra, google],
    confidence: [0.7, 0.99],
    tactic: 'Credential Access',
    technique: 'T1110.004',
    more: {},
    metadata: (random) => ({
      ips: addresses(random),
      countries: [...new Set([country(random), country(random)])],
      failed_attempts: random.between(20, 4_000),
      window: { from: 'PT0S', to: `PT${random.between(1, 59)}M` },
      user_agents: { 'python-requests/2.31': random.between(1, 900), 'curl/8.5.0': random.between(0, 20) },
    }),
  },
  {
    type: 'DemoImpossibleTravel',
    kind: 'threat',
    status: 'detected',
    sources: [okta, entra, google],
    confidence: [0.3, 0.9],
    tactic: ['TA0001', 'TA0005'],
    technique: ['T1078 - Valid Accounts'],
    more: { severity: 'medium' },
    metadata: (random) => ({
      from: { ip: address(random), country: country(random), city: 'São Paulo' },
      to: { ip: address(random), country: country(random), city: '東京' },
      distance_km: random.between(3_000, 18_000),
      minutes_between: random.between(3, 90),
    }),
  },
  {
    type: 'FederationBypass',
    kind: 'threat',
    status: 'ongoing',
    sources: [okta, entra, snowflake],
    confidence: [0.5, 0.95],
    tactic: 'TA0005, TA0003',
    technique: 'Domain or Tenant Policy Modification: Trust Modification',
    more: { title: 'A local sign-in went around the identity provider' },
    metadata: (random) => ({
      login_method: 'password',
      expected_provider: 'saml',
      sessions: random.between(1, 12),
      last_ip: address(random),
    }),
  },
  {
    type: 'DemoPrivilegeEscalation',
    kind: 'threat',
    status: 'ongoing',
    sources: [aws, gcp, azure],
    confidence: [0.4, 0.85],
    tactic: 'Privilege Escalation',
    technique: ['T1098', 'T1548.005'],
    more: {},
    metadata: (random) => ({
      path: ['ReadOnly', 'PassRole', 'Administrator'].slice(0, random.between(2, 3)),
      actions: [{ name: 'iam:PassRole', count: random.between(1, 40) }],
      via: null,
    }),
  },
  {
    type: 'MissingMFA',
    kind: 'posture',
    status: 'ongoing',
    sources: [aws, okta, google, snowflake],
    confidence: [0.95, 1],
    tactic: 'Initial Access',
    technique: 'Valid Accounts',
    more: { compliance_frameworks: ['CIS', 'SOC 2', 'PCI DSS 4.0'] },
    metadata: (random) => ({ has_console_access: true, days_since_last_login: random.between(0, 200) }),
  },
  {
    type: 'MislabeledNHI',
    kind: 'posture',
    status: 'ongoing',
    sources: [directory, entra, azure],
    confidence: [0.5, 0.8],
    tactic: null,
    technique: null,
    more: { detection_compliance_framework: 'NIST 800-53' },
    metadata: (random) => ({
      labelled_as: 'human',
      signs: ['no interactive sign-in', 'fixed interval'],
      interval_s: random.between(30, 3_600),
    }),
  },
  {
    type: 'DemoDormantAdministrator',
    kind: 'posture',
    status: 'ongoing',
    sources: [oktaRole, aws, postgres],
    confidence: null,
    tactic: '',
    technique: [],
    more: { complianceFrameworks: { 'ISO 27001': ['A.5.18'], HIPAA: ['164.308'] }, severity: 'low' },
    metadata: (random) => ({ dormant_days: random.between(90, 900), note: 'Aucune activité depuis l’été 🌴' }),
  },
  {
    type: 'DemoKeyNeverRotated',
    kind: 'posture',
    status: 'ongoing',
    sources: [aws, gcp, snowflake],
    confidence: [0.9, 1],
    tactic: ['Credential Access'],
    technique: 'T1552.001',
    more: { compliance: 'CIS AWS 1.14', remediation: 'Rotate the access key and remove the old one.' },
    metadata: (random) => ({
      key_id: `DEMO${random.hex(16).toUpperCase()}`,
      age_days: random.between(91, 2_000),
      used_from: addresses(random),
    }),
  },
]
