import type { Instant } from '../../shared/detection.ts'
import type { PostureReport } from '../store/posture-report.ts'
import { html, type Html } from './html.ts'
import { endOf, reasonOf, when } from './words.ts'

const meaningOf: Readonly<Record<string, string>> = {
  verified: 'signature, time and addressee were checked when it arrived',
  late: 'the signature holds, but it arrived after it had expired',
  unsigned: 'nobody signed it',
}

/** How far the reader may rely on there being all of it, and on its being true. */
export function completeness({ gaps, areAllGaps, counts, history, period }: PostureReport): Html {
  return html`<section>
    <h2>How complete this is</h2>
    <p>
      Tocsin receives detections while it runs.
      ${history.firstReceivedAt === null ? 'It has not received any yet.' : html`Its first delivery is of ${when(history.firstReceivedAt)}, its last of ${when(history.lastReceivedAt)}.`}
    </p>
    <h3>How far the detections can be believed</h3>
    <dl>
      ${Object.entries(counts.trust).map(
        ([trust, count]) =>
          html`<dt><bdi>${trust}</bdi></dt>
            <dd>${count}${meaningOf[trust] === undefined ? null : html`: ${meaningOf[trust]}`}</dd>`,
      )}
      ${
        counts.imported === 0
          ? null
          : html`<dt>imported</dt>
              <dd>${counts.imported} of these were read from a file, checked in the same way</dd>`
      }
    </dl>
    ${history.waiting === 0 ? null : html`<p>${history.waiting} deliveries wait in quarantine until they can be checked. They are not part of this report.</p>`}
    ${history.removed === 0 ? null : html`<p>${history.removed} deliveries were removed since the history began, by a rule for how long to keep them, by hand, or for want of room. Their places in the chain of hashes remain.</p>`}
    <h3>Times without listening</h3>
    ${
      gaps.length === 0
        ? noneKnown(history.firstReceivedAt, period)
        : html`<p>
              In these times at least one way in was not listening. What SlashID sent in them may have come in later, by another way, or not
              at all.${areAllGaps ? null : html` The newest ${gaps.length} are listed.`}
            </p>
            <table>
              <thead>
                <tr>
                  <th scope="col">Way in</th>
                  <th scope="col">From</th>
                  <th scope="col">To</th>
                  <th scope="col">Because</th>
                  <th scope="col">What became of it</th>
                </tr>
              </thead>
              <tbody>
                ${gaps.map(
                  (gap) =>
                    html`<tr>
                      <td><bdi>${gap.inlet}</bdi></td>
                      <td class="time">${when(gap.from)}</td>
                      <td class="time">${gap.to === null ? 'lasts' : when(gap.to)}</td>
                      <td>${reasonOf(gap)}</td>
                      <td>${endOf(gap.end)}</td>
                    </tr>`,
                )}
              </tbody>
            </table>`
    }
  </section>`
}

/** Nothing is known of the time before the first delivery: nothing may be said of it either. */
function noneKnown(first: Instant | null, { from, to }: PostureReport['period']): Html {
  if (first === null || first > to) return html`<p>Nothing is known of this time: nothing had been received yet.</p>`
  if (first <= from) return html`<p>None is known between ${when(from)} and ${when(to)}.</p>`
  return html`<p>
    None is known between ${when(first)}, when the first delivery came, and ${when(to)}. Nothing is known of the time before.
  </p>`
}

export function method({ overview }: PostureReport): Html {
  return html`<section>
    <h2>Method and definitions</h2>
    <dl>
      <dt>Detection</dt>
      <dd>
        A misconfiguration of an identity that SlashID reported as posture, under one id of one organization. Each is counted once, by what
        its newest believed delivery says; where any delivery of it was signed, only signed ones count.
      </dd>
      <dt>Open</dt>
      <dd>Every status but <code>resolved</code>. SlashID says <code>ongoing</code> until it is fixed.</dd>
      <dt>Since</dt>
      <dd>
        When SlashID says that it was first detected. Ages count from then, also where it was resolved and came back; in the weeks, one that
        came back counts as opened again, and its age from then.
      </dd>
      <dt>Until</dt>
      <dd>When the delivery was signed that first said it was resolved, and none since took that back.</dd>
      <dt>Time to resolve</dt>
      <dd>
        From since to until; where it was opened again, from when it was opened last. What was reported as resolved at once, and not since
        when it was open, is left out. The median has as many below as above; nine of ten took no longer than the last column says.
      </dd>
      <dt>Week</dt>
      <dd>From Monday, by the calendar of the computer that made this report. The last one is not over.</dd>
      <dt>Framework</dt>
      <dd>
        A rule book that SlashID names with the detection. Tocsin adds none and checks none: that a framework has no open detection here
        does not mean that it is complied with.
      </dd>
      <dt>Exactness</dt>
      <dd>
        ${overview.isExact ? 'Every posture detection in the history was looked at.' : 'Only the newest 200,000 were looked at. How many of all posture are open and resolved comes from counts that are kept with every delivery.'}
      </dd>
    </dl>
  </section>`
}

/** What ties this report to a history that can be checked. */
export function fingerprint({ history }: PostureReport): Html {
  return html`<section>
    <h2>Fingerprint of the history</h2>
    <p>
      Each delivery that was ever kept is chained to the one before it by SHA-256. The head of the chain stands for all of them: a history
      that was changed, cut or made anew before this point has another. <code>tocsin verify</code> checks it, and says the same head where
      nothing was received since.
    </p>
    <dl>
      <dt>History</dt>
      <dd><code>${history.id}</code></dd>
      <dt>Deliveries</dt>
      <dd>${history.deliveries}</dd>
      <dt>Head</dt>
      <dd>${history.head === null ? html`There is none yet.` : html`<code>${history.head}</code>`}</dd>
    </dl>
  </section>`
}
