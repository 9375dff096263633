import type { Figure } from "./bench.ts";
import { quantile } from "./median.ts";
import { goTo, type Page, type Visit } from "./page-visit.ts";
import { workDuring } from "./page-work.ts";

/** Minutes of a bit less than seven days: the page draws no more than 10,000 points. */
const RANGE = "166h";
const POINTS_MIN = 9_900;
const FRAMES_PER_SECOND_MIN = 50;

const POINTING_STEPS = 240;
const WIDTHS = Array.from({ length: 40 }, (_, i) => 1_280 - 10 * Math.abs(20 - i));
const HEIGHT = 900;

/** Runs in the page: how long each frame takes, from now on. */
const RECORD_FRAMES = `{
  const frames = [];
  window.benchFrames = frames;
  let last;
  const next = (now) => {
    if (last !== undefined) frames.push(now - last);
    last = now;
    if (window.benchFrames === frames) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}`;
const TAKE_FRAMES = "{ const frames = window.benchFrames; window.benchFrames = undefined; frames }";

/** Points along a chart of 10,000 points, then makes the window narrower and wider; how smooth is that? */
export async function measureChart({ page, inspector }: Visit, url: string): Promise<readonly Figure[]> {
  const { shown } = await goTo(page, `${url}/?range=${RANGE}&every=1m&metric=page_views&compare=none`);
  const chart = page.getByRole("slider").first();
  const points = Number(await chart.getAttribute("aria-valuemax")) + 1;
  if (points < POINTS_MIN) throw new Error(`the chart has only ${points} points`);
  const box = await chart.boundingBox();
  if (box === null) throw new Error("the chart is not in sight");
  let frames: readonly number[] = [];
  const pointing = await workDuring(inspector, async () => {
    frames = await framesDuring(page, async () => {
      for (let step = 0; step < POINTING_STEPS; step++) {
        const share = 0.1 + (0.8 * step) / POINTING_STEPS;
        await page.mouse.move(box.x + box.width * share, box.y + box.height * (0.3 + 0.4 * share));
      }
    });
  });
  const hovered = smoothness("pointing at it", frames, pointing.tasks);
  const resizing = await workDuring(inspector, async () => {
    frames = await framesDuring(page, async () => {
      for (const width of WIDTHS) await page.setViewportSize({ width, height: HEIGHT });
    });
  });
  const [perSecond, ...others] = hovered;
  return [
    { what: `a chart of ${points.toLocaleString("en-US")} points, shown`, value: shown, unit: "ms" },
    { ...perSecond!, goal: { atLeast: FRAMES_PER_SECOND_MIN } },
    ...others,
    ...smoothness("resizing the window", frames, resizing.tasks),
    { what: "main thread for each new width", value: resizing.tasks / WIDTHS.length, unit: "CPU ms" },
  ];
}

async function framesDuring(page: Page, happen: () => Promise<void>): Promise<readonly number[]> {
  await page.evaluate(RECORD_FRAMES);
  await happen();
  return page.evaluate<number[]>(TAKE_FRAMES);
}

function smoothness(what: string, frames: readonly number[], taskMs: number): Figure[] {
  const total = frames.reduce((sum, frame) => sum + frame, 0);
  return [
    { what: `${what}, frames`, value: (frames.length * 1_000) / total, unit: "a second" },
    { what: `${what}, a frame, p99`, value: quantile(frames, 0.99), unit: "ms" },
    { what: `${what}, the longest frame`, value: Math.max(...frames), unit: "ms" },
    { what: `${what}, main thread for a frame`, value: taskMs / frames.length, unit: "CPU ms" },
  ];
}
