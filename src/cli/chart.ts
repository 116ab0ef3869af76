import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

/** A line over the points of a chart. */
export interface ChartLine {
  readonly name: string;
  /** Which of the two scales it is read from. */
  readonly scale: "share" | "count";
  /** Null where there is no value: the line breaks. */
  readonly values: readonly (number | null)[];
}

/** Lines over numbers: shares on the left, counts on the right. */
export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  /** What the points are. */
  readonly points: string;
  readonly at: readonly number[];
  /** What is counted. */
  readonly counts: string;
  readonly lines: readonly ChartLine[];
}

const width = 860;
const height = 460;
const ink = "#24323d";
/** Told apart also without colours, by their marks. */
const looks = [
  { color: "#1b6ca8", symbol: "circle" },
  { color: "#c8553d", symbol: "diamond" },
  { color: "#6b7a2a", symbol: "triangle" },
] as const;

/** The chart as the text of an SVG file. */
export function chartSvg({ title, subtitle, points, at, counts, lines }: Chart): string {
  use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  const axis = { nameTextStyle: { color: ink }, axisLabel: { color: ink } };
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "sans-serif", color: ink },
    title: { text: title, subtext: subtitle, left: 24, top: 12, textStyle: { color: ink, fontSize: 16 } },
    legend: { bottom: 8, textStyle: { color: ink } },
    grid: { left: 64, right: 72, top: 92, bottom: 84 },
    xAxis: {
      ...axis,
      type: "category",
      name: points,
      nameLocation: "middle",
      nameGap: 28,
      data: at.map(String),
      boundaryGap: false,
    },
    yAxis: [
      { ...axis, type: "value", min: 0, max: 1, axisLabel: { color: ink, formatter: percent } },
      { ...axis, type: "value", min: 0, name: counts, splitLine: { show: false } },
    ],
    series: lines.map(({ name, scale, values }, index) => {
      const { color, symbol } = looks[index % looks.length] ?? looks[0];
      const style = { type: scale === "share" ? "solid" : "dashed", width: 2 } as const;
      const yAxisIndex = scale === "share" ? 0 : 1;
      return { type: "line", name, data: [...values], yAxisIndex, color, symbol, symbolSize: 7, lineStyle: style };
    }),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
