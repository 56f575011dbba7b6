/* global document, innerHeight, MutationObserver, requestAnimationFrame, WheelEvent */
/** What benchmarks ask of a page, ours or a bare one. Told in epoch ms by a clock that main and the benchmark have as well. */
{
  const now = () => performance.timeOrigin + performance.now()
  /** What is in the page by the first frame is on the screen by the second. */
  const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(now()))))
  const whenever = (look) => {
    const found = look()
    if (found) return Promise.resolve(found)
    return new Promise((done) => {
      const observer = new MutationObserver(() => {
        const found = look()
        if (!found) return
        observer.disconnect()
        done(found)
      })
      observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
    })
  }
  const rest = (ms) => new Promise((done) => setTimeout(done, ms))
  /** Other boxes have options as well. */
  const listOfRows = () => document.querySelector('[role=option][aria-posinset]').closest('[role=listbox]')
  const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

  globalThis.benchmark = {
    /** When the first of these was painted. */
    shown: (selector) => whenever(() => document.querySelector(selector)).then(painted),

    async uncovered() {
      while (document.visibilityState !== 'visible') await rest(10)
      await painted()
    },

    /** When the row with each of these texts was painted, in their order. */
    rowsWith(texts) {
      const at = new Map()
      const waiting = new Set(texts)
      const look = () => {
        for (const row of document.querySelectorAll('[role=option]')) {
          const text = [...waiting].find((one) => row.textContent.includes(one))
          if (text === undefined) continue
          waiting.delete(text)
          void painted().then((time) => at.set(text, time))
        }
        return waiting.size === 0
      }
      return whenever(look)
        .then(painted)
        .then(painted)
        .then(() => texts.map((text) => at.get(text)))
    },

    /** How long each frame took while the list was scrolled for so long, and its bar put to these places of it, from 0 to 1. */
    async scrolled(forMs, jumps) {
      const list = listOfRows()
      const frames = []
      const end = performance.now() + forMs
      let [last, next, isOver] = [null, 0, false]
      const frame = () => {
        const at = performance.now()
        if (last !== null) frames.push(at - last)
        last = at
        // The wheel turns meanwhile; the jumps come in the last third.
        const begun = jumps.length * (1 - (end - at) / (forMs / 3))
        if (next < begun && next < jumps.length) list.scrollTop = jumps[next++] * (list.scrollHeight - list.clientHeight)
        isOver = at >= end
        if (!isOver) requestAnimationFrame(frame)
      }
      requestAnimationFrame(frame)
      while (!isOver) await rest(20)
      return frames
    },

    /** The bar is put to its end: the position of the last row in view, and how long until it was painted. */
    async lastRow() {
      const list = listOfRows()
      const from = performance.now()
      list.scrollTop = list.scrollHeight
      const bottom = () => Math.min(innerHeight, list.getBoundingClientRect().bottom)
      const isSeen = (row) =>
        row.ariaBusy !== 'true' && row.querySelector('time') !== null && row.getBoundingClientRect().bottom <= bottom() + 1
      const last = () => [...list.querySelectorAll('[role=option]')].filter(isSeen).map((row) => Number(row.ariaPosInSet))
      let position = 0
      // It is still on its way while it moves.
      for (let still = 0; still < 10;) {
        await rest(50)
        const found = Math.max(0, ...last())
        still = found > 0 && found === position ? still + 1 : 0
        position = found
        if (performance.now() - from > 10_000) break
      }
      return { position, ms: performance.now() - from - 500 }
    },

    /** How long one step takes from its event to the end of its drawing, in ms: what runs in this thread, without the wait for the frame. */
    async redraws(times) {
      const chart = document.querySelector('[role=application]')
      const box = chart.getBoundingClientRect()
      const real = globalThis.requestAnimationFrame
      const took = []
      for (let index = 0; index < times; index++) {
        let drawing = 0
        globalThis.requestAnimationFrame = (draw) =>
          real((at) => {
            const from = performance.now()
            draw(at)
            drawing += performance.now() - from
          })
        const event = new WheelEvent('wheel', {
          deltaX: index % 2 === 0 ? -8 : 8,
          clientX: box.x + box.width / 2,
          clientY: box.y + 20,
          bubbles: true,
          cancelable: true,
        })
        const from = performance.now()
        chart.dispatchEvent(event)
        await null
        await null
        const handling = performance.now() - from
        globalThis.requestAnimationFrame = real
        await painted()
        took.push(handling + drawing)
      }
      return median(took)
    },
  }
}
