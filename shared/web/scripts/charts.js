// Charts are drawn from the table beside them: one source for the picture, for screen readers and for the export.
// Colors come from the style sheet, so that light and dark need no second palette. Tooltips are rich text: HTML ones need inline styles.
import { init, getInstanceByDom, use } from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

function color(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.className = `ink-${name}`;
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function readTable(table) {
  const cells = (row) => [...row.cells].map((cell) => cell.dataset.value ?? cell.textContent.trim());
  const [head, ...rows] = [...table.rows].map(cells);
  const number = (text) => (Number.isFinite(parseFloat(text)) ? parseFloat(text) : null); // what is not published has no number
  return {
    names: head.slice(1),
    categories: rows.map((row) => row[0]),
    series: head.slice(1).map((_, index) => rows.map((row) => number(row[index + 1]))),
  };
}

function frame({ categories }, { unit, below }) {
  const words = { color: color("quiet"), fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily };
  return {
    animation: false,
    textStyle: words,
    grid: { left: 48, right: 104, top: 32, bottom: below ? 44 : 28 },
    tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: color("surface"), borderColor: color("edge"), textStyle: { ...words, color: color("strong") } },
    xAxis: { type: "category", data: categories, name: below, nameLocation: "middle", nameGap: 28, nameTextStyle: words, axisLabel: words, axisTick: { show: false }, axisLine: { lineStyle: { color: color("edge") } } },
    yAxis: { type: "value", name: unit, nameTextStyle: { ...words, align: "left" }, axisLabel: words, splitNumber: 4, splitLine: { lineStyle: { color: color("line") } } },
  };
}

const kinds = {
  // Lines named at their ends instead of in a legend; the first is the answer, the others are its context.
  trend(data, options) {
    const shades = [color("ok"), color("idle"), color("accent")];
    const chart = frame(data, options);
    const known = data.series.flat().filter((value) => value !== null);
    chart.yAxis.min = options.min ? Math.max(0, Math.floor(Math.min(...known) / 5) * 5 - 5) : 0;
    chart.yAxis.scale = true;
    chart.series = data.series.map((values, index) => ({
      type: "line", name: data.names[index], data: values, symbolSize: 6, showSymbol: values.filter((value) => value !== null).length < 3, color: shades[index], connectNulls: false,
      lineStyle: { width: index ? 1.5 : 2.5, type: index ? "dashed" : "solid" },
      endLabel: { show: true, formatter: "{c}", color: shades[index], fontSize: 12, fontWeight: 600 },
    }));
    return chart;
  },
  // One bar per row, the longest first, what is not published left out of the picture and named in the table.
  ranking(data, options) {
    const chart = frame(data, options);
    const rows = data.categories.map((name, index) => [name, data.series[0][index]]).filter(([, value]) => value !== null).reverse();
    chart.grid = { left: 8, right: 56, top: 8, bottom: 28, containLabel: true };
    [chart.xAxis, chart.yAxis] = [{ ...chart.yAxis, nameLocation: "middle", nameGap: 24, max: options.max ? Number(options.max) : null, interval: options.max ? 20 : null }, { ...chart.xAxis, data: rows.map(([name]) => name), name: null }];
    chart.series = [{ type: "bar", name: data.names[0], barMaxWidth: 18, color: color(options.shade ?? "done"), data: rows.map(([, value]) => value), label: { show: true, position: "right", color: color("strong"), fontSize: 12 } }];
    return chart;
  },
};

function draw(figure) {
  const place = figure.querySelector(".chart-place");
  const chart = getInstanceByDom(place) ?? init(place);
  chart.setOption(kinds[figure.dataset.chart](readTable(figure.querySelector("table")), figure.dataset), true);
  return chart;
}

// A chart leaves as a picture, on the ground that it is seen on.
function save(figure) {
  const chart = getInstanceByDom(figure.querySelector(".chart-place"));
  const link = document.createElement("a");
  link.href = chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: color("surface") });
  link.download = `${figure.dataset.name ?? "chart"}.png`;
  link.click();
}

document.querySelectorAll("[data-chart]").forEach((figure) => {
  draw(figure);
  new ResizeObserver(() => getInstanceByDom(figure.querySelector(".chart-place")).resize()).observe(figure);
  document.addEventListener("themechange", () => draw(figure));
  figure.querySelector("[data-save-picture]")?.addEventListener("click", () => save(figure));
});
