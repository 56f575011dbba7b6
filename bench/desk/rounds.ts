/** Rounds of sides that take turns in one order and then in the other, each with as many numbers as it has to tell. */
export async function inTurns<T>(rounds: number, sides: readonly (() => Promise<T>)[]): Promise<readonly (readonly T[])[]> {
  const measured: (readonly T[])[] = []
  for (let round = 0; round < rounds; round++) {
    const values = new Map<number, T>()
    const order = sides.map((_, index) => (round % 2 === 0 ? index : sides.length - 1 - index))
    for (const index of order) {
      const side = sides[index]
      if (side !== undefined) values.set(index, await side())
    }
    measured.push(sides.map((_, index) => values.get(index) as T))
  }
  return measured
}
