import { describe, expect, it } from "vitest";
import { painter } from "../../terminal/color.ts";
import { bars } from "./bars.ts";
import { changeText } from "./change.ts";
import { plot } from "./plot.ts";
import { scaleOf } from "./scale.ts";
import { seriesChart } from "./series-chart.ts";
import { sparkline } from "./sparkline.ts";

const paint = painter(false);

function drawn(values: readonly (number | undefined)[], width: number, height: number, isUnicode = true): string[] {
  const scale = scaleOf(
    values.filter((value) => value !== undefined),
    height,
    true,
  );
  return plot(values, { width, height, scale, isUnicode }).lines(paint);
}

describe("a plot", () => {
  it("has a column for each value, in eighths of a character", () => {
    expect(drawn([0, 1, 2, 4], 4, 2)).toEqual(["   █", " ▄██"]);
  });

  it("shows that something is there, however little", () => {
    expect(drawn([0, 1, 1_000], 3, 1)).toEqual([" ▁█"]);
  });

  it("leaves out what is absent", () => {
    expect(drawn([2, undefined, 2], 3, 1)).toEqual(["█ █"]);
  });

  it("has columns as wide as there is space", () => {
    expect(drawn([1, 1], 8, 1)).toEqual(["███ ███"]);
  });

  it("is a line in dots where there are more values than space, up and down as they go", () => {
    expect(drawn([0, 1, 2, 3, 4, 5, 6, 7], 4, 2)).toEqual(["   ⡠", "⡠⠔⠉"]);
  });

  it("is a line where values are below zero", () => {
    expect(drawn([-4, 4], 2, 2).join("")).toMatch(/^[\u2800-\u28ff ]+$/u);
  });

  it("is plain ASCII where the terminal shows nothing else", () => {
    const texts = [...drawn([0, 1, 2, 4], 4, 3, false), ...drawn([-1, 2], 4, 3, false)];
    expect(texts.join("")).toMatch(/^[\x20-\x7e]+$/);
  });
});

describe("a chart of a series", () => {
  const times = ["2026-11-21T10:00:00Z", "2026-11-21T10:01:00Z", "2026-11-21T10:02:00Z"];
  const init = { title: "views", times, values: [1, 4, 2], texts: ["1", "4", "2"], previous: undefined, isWhole: true };

  it("has both axes, and says the latest and the greatest value", () => {
    expect(seriesChart(init, { width: 40, height: 4, isUnicode: true, paint })).toEqual([
      "views  latest 2, greatest 4 (10:01)",
      "4 ┤         ███████",
      "  │         ███████",
      "2 ┤         ███████ ███████",
      "  │ ███████ ███████ ███████",
      "0 └─────────────────────────",
      "    10:00   10:01   10:02",
    ]);
  });

  it("marks the values of the range compared with", () => {
    const lines = seriesChart({ ...init, previous: [4, 0, 4] }, { width: 30, height: 4, isUnicode: true, paint });
    expect(lines[1]).toBe("4 ┤ ╌╌╌╌╌╌╌ ███████ ╌╌╌╌╌╌╌");
  });

  it("is no wider than the space", () => {
    const long = Array.from({ length: 300 }, (_, at) => at);
    const many = { ...init, times: long.map(() => times[0]!), values: long, texts: long.map(String) };
    for (const width of [20, 40, 80, 200]) {
      const lines = seriesChart(many, { width, isUnicode: true, paint }).slice(1);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    }
  });
});

describe("bars", () => {
  const some = [
    { label: "/pricing", value: 8, text: "8", previous: 4 },
    { label: "/a-very-long-path-to-somewhere", value: 1, text: "1", previous: undefined },
    { label: "/none", value: 0, text: "0", previous: 0 },
  ];

  it("are as long as their values, beside them", () => {
    expect(bars(some, { width: 40, isUnicode: true, paint, hasChange: false }).map((line) => line.length)).toEqual([
      40, 24, 22,
    ]);
  });

  it("say by how much a value changed, and mark where it was", () => {
    const [first] = bars(some, { width: 40, isUnicode: true, paint, hasChange: true });
    expect(first).toBe("/pricing          8  +100 %  █████┃█████");
  });
});

it.each([
  [112, 100, "+12 %"],
  [99.5, 100, "-0.5 %"],
  [5, 5, "0 %"],
  [5, 0, "new"],
  [undefined, 5, ""],
])("%s after %s is a change of %j", (value, previous, text) => {
  expect(changeText(value, previous)).toBe(text);
});

describe("a sparkline", () => {
  it("has a character a value; nothing is lowest, and anything is above it", () => {
    expect(sparkline([0, 1, 50, 100, undefined], { width: 10, isUnicode: true })).toBe("▁▂▅█ ");
  });

  it("shows the newest where there is no space for all", () => {
    expect(sparkline([100, 0, 1, 2], { width: 3, isUnicode: true })).toBe("▁▅█");
  });
});
