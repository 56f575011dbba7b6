import { createHash } from 'node:crypto'
import type { PostureAsked } from '../../shared/posture.ts'
import type { PostureReport, ReportedPosture } from '../store/posture-report.ts'
import { asIs, html, type Html } from './html.ts'
import { completeness, fingerprint, method } from './report-proof.ts'
import { style } from './style.ts'
import { bandWords, day, lasting, localTime, when } from './words.ts'

export type ReportAbout = PostureAsked & { readonly madeAt: number; readonly madeBy: string }

/**
 * One file that needs nothing else and does nothing: no script, no request, no form. Its policy forbids all of them, should a text of a
 * sender ever become markup.
 */
export function writeReport(report: PostureReport, about: ReportAbout): string {
  const styleHash = createHash('sha256').update(style).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`
  const title = about.framework === null ? 'Identity posture' : `Identity posture: ${about.framework}`
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${asIs(policy)}" />
      <meta name="referrer" content="no-referrer" />
      <meta name="viewport" content="width=device-width" />
      <title>${title} – ${day(report.period.to)}</title>
      ${asIs(`<style>${style}</style>`)}
    </head>
    <body>
      <header>
        <h1><bdi>${title}</bdi></h1>
        <p class="lead">
          Open and resolved misconfigurations of identities, as SlashID detected them and as this computer received and kept them.
        </p>
      </header>
      <main>
        ${scope(report, about)} ${summary(report)} ${completeness(report)} ${weeks(report)} ${resolving(report)}
        ${frameworks(report, about)} ${issues('open', report)} ${issues('closed', report)} ${method(report)} ${fingerprint(report)}
      </main>
      <footer>
        Made by ${about.madeBy}, ${localTime(about.madeAt)}. It speaks of what this computer was told, not of the systems themselves.
      </footer>
    </body>
  </html> `
  return `<!doctype html>\n${page.markup}`
}

function scope({ period, organizations, counts }: PostureReport, { framework, madeAt, madeBy }: ReportAbout): Html {
  return html`<section aria-label="Scope">
    <dl>
      <dt>Scope</dt>
      <dd>
        ${framework === null ? html`All posture detections` : html`Posture detections that name the framework <bdi>${framework}</bdi>`}
      </dd>
      <dt>Organizations</dt>
      <dd>
        ${
          organizations.length === 0
            ? html`none`
            : organizations.map(
                ({ id, name, isDemo }) =>
                  html`<div>
                    <bdi>${name}</bdi> <code><bdi>${id}</bdi></code
                    >${isDemo ? ' (demonstration)' : ''}
                  </div>`,
              )
        }
      </dd>
      <dt>Made</dt>
      <dd>${localTime(madeAt)}, by ${madeBy}</dd>
      <dt>Weeks shown</dt>
      <dd>${day(period.from)} to ${day(period.to)}. Times below are in UTC.</dd>
    </dl>
    ${counts.demo === 0 ? null : html`<p class="note"><b>${counts.demo} of these detections are a demonstration</b> and say nothing of real systems.</p>`}
  </section>`
}

function summary({ overview }: PostureReport): Html {
  const oldest = overview.oldest[0]
  return html`<section>
    <h2>At a glance</h2>
    <ul class="figures">
      <li><b>${overview.open}</b> open</li>
      <li><b>${overview.closed}</b> resolved</li>
      ${overview.ages.map(({ band, count }) => html`<li><b>${count}</b> ${bandWords[band]}</li>`)}
    </ul>
    ${oldest === undefined ? null : html`<p>The longest open is <bdi>${oldest.type}</bdi>, since ${when(oldest.detectedAt)}.</p>`}
    ${overview.isExact ? null : html`<p class="note">There are more detections than this report looked at: ages, weeks and times to resolve are of the newest 200,000.</p>`}
    ${counted('Open by type', 'Type', overview.openByType)} ${counted('Open by source', 'Source', overview.openBySource)}
  </section>`
}

function counted(title: string, name: string, lines: PostureReport['overview']['openByType']): Html | null {
  if (lines.length === 0) return null
  return html`<h3>${title}</h3>
    <table>
      <thead>
        <tr>
          <th scope="col">${name}</th>
          <th scope="col" class="number">Open</th>
          <th scope="col">Oldest since</th>
        </tr>
      </thead>
      <tbody>
        ${lines.map(
          ({ value, count, oldestDetectedAt }) =>
            html`<tr>
              <td><bdi>${value}</bdi></td>
              <td class="number">${count}</td>
              <td class="time">${when(oldestDetectedAt)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`
}

function weeks({ overview }: PostureReport): Html {
  const most = overview.weeks.reduce((highest, { openAtEnd }) => Math.max(highest, openAtEnd), 1)
  const [width, height] = [20, 90]
  return html`<section>
    <h2>From week to week</h2>
    <p>How many were open at the end of each week.</p>
    <svg
      viewBox="0 0 ${overview.weeks.length * width} ${height + 2}"
      preserveAspectRatio="none"
      role="img"
      aria-label="Open at the end of each week, as in the table below"
    >
      ${overview.weeks.map(({ openAtEnd }, index) => {
        const tall = Math.round((openAtEnd / most) * height)
        return html`<rect class="bar" x="${index * width + 2}" y="${height - tall}" width="${width - 4}" height="${tall}" />`
      })}
      <line class="axis" x1="0" y1="${height + 1}" x2="${overview.weeks.length * width}" y2="${height + 1}" />
    </svg>
    <table>
      <thead>
        <tr>
          <th scope="col">Week from</th>
          <th scope="col" class="number">Opened</th>
          <th scope="col" class="number">Resolved</th>
          <th scope="col" class="number">Open at its end</th>
          <th scope="col" class="number">Median age</th>
        </tr>
      </thead>
      <tbody>
        ${overview.weeks.map(
          (week) =>
            html`<tr>
              <td class="time">${day(week.from)}</td>
              <td class="number">${week.opened}</td>
              <td class="number">${week.closed}</td>
              <td class="number">${week.openAtEnd}</td>
              <td class="number">${lasting(week.medianAgeMs)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`
}

function resolving({ overview }: PostureReport): Html {
  return html`<section>
    <h2>Time to resolve</h2>
    ${
      overview.timeToResolve.length === 0
        ? html`<p>Nothing was resolved of which it is known how long it was open.</p>`
        : html`<table>
            <thead>
              <tr>
                <th scope="col">Type</th>
                <th scope="col" class="number">Resolved</th>
                <th scope="col" class="number">Median</th>
                <th scope="col" class="number">Nine of ten within</th>
              </tr>
            </thead>
            <tbody>
              ${overview.timeToResolve.map(
                ({ type, resolved, medianMs, p90Ms }) =>
                  html`<tr>
                    <td><bdi>${type}</bdi></td>
                    <td class="number">${resolved}</td>
                    <td class="number">${lasting(medianMs)}</td>
                    <td class="number">${lasting(p90Ms)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }
  </section>`
}

function frameworks({ overview }: PostureReport, { framework }: ReportAbout): Html | null {
  if (framework !== null || overview.frameworks.length === 0) return null
  return html`<section>
    <h2>Frameworks</h2>
    <p>A detection counts for each framework that it names.</p>
    <table>
      <thead>
        <tr>
          <th scope="col">Framework</th>
          <th scope="col" class="number">Open</th>
          <th scope="col" class="number">Resolved</th>
        </tr>
      </thead>
      <tbody>
        ${overview.frameworks.map(
          (one) =>
            html`<tr>
              <td><bdi>${one.framework}</bdi></td>
              <td class="number">${one.open}</td>
              <td class="number">${one.closed}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`
}

function issues(which: 'open' | 'closed', { overview, ...lists }: PostureReport): Html {
  const listed = lists[which]
  const isOpen = which === 'open'
  const left = overview[which] - listed.length
  const note = html`<p class="note">
    The ${listed.length} ${isOpen ? 'longest open' : 'last to be resolved'} are listed; ${left} more are counted above and not listed.
  </p>`
  return html`<section>
    <h2>${isOpen ? 'Open detections' : 'Resolved detections'}</h2>
    ${left > 0 ? note : null} ${listed.length === 0 ? html`<p>There are none.</p>` : issueTable(listed, isOpen)}
  </section>`
}

function issueTable(listed: readonly ReportedPosture[], isOpen: boolean): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Type, entity, source, detection</th>
        <th scope="col">Since</th>
        ${isOpen ? html`<th scope="col">Status</th>` : html`<th scope="col">Until, took</th>`}
        <th scope="col">Trust</th>
        <th scope="col">Frameworks</th>
      </tr>
    </thead>
    <tbody>
      ${listed.map((one) => issueRow(one, isOpen))}
    </tbody>
  </table>`
}

function issueRow(one: ReportedPosture, isOpen: boolean): Html {
  const marks = [one.trust, ...(one.isImported ? ['imported'] : []), ...(one.isDemo ? ['demonstration'] : [])]
  return html`<tr>
    <td class="what">
      <b><bdi>${one.type}</bdi></b>
      <div><bdi>${one.entityId ?? 'no entity'}</bdi>${part(one.entityType)}${part(one.sourceType)}</div>
      <code><bdi>${one.key.id}</bdi></code>
    </td>
    <td class="time">${when(one.detectedAt)}</td>
    ${
      isOpen
        ? html`<td><bdi>${one.status}</bdi></td>`
        : html`<td class="time">
            ${when(one.resolvedAt)}
            <div>${lasting(one.lastMs)}</div>
          </td>`
    }
    <td>${marks.map((mark) => html`<div>${mark}</div>`)}</td>
    <td class="what">${one.frameworks.map((framework) => html`<div><bdi>${framework}</bdi></div>`)}</td>
  </tr>`
}

function part(text: string | null): Html | null {
  return text === null ? null : html` · <bdi>${text}</bdi>`
}
