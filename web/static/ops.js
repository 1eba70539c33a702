"use strict";
// What makes the console live. Its pages work without it; they are then as they were when they were asked for.
{
  // The curve of the traffic, in the colours of the page.
  const curve = document.querySelector("[data-curve]");
  let plot, points;
  if (curve && window.uPlot) {
    const rows = JSON.parse(curve.dataset.curve || "[]");
    points = [0, 1, 2, 3, 4].map((i) => rows.map((row) => row[i]));
    const draw = () => {
      const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const names = curve.dataset.names.split("|"); // of the time, and of each line
      const line = (i, stroke, dash) => ({ label: names[i + 1], stroke: color(stroke), width: 2, dash, points: { show: false } });
      const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
      plot?.destroy();
      plot = new uPlot({
        width: curve.clientWidth, height: 220, cursor: { drag: { x: false, y: false } },
        scales: { y: { range: (u, low, high) => [0, Math.max(high * 1.1, 1)] } },
        axes: [{ ...axis, values: "{HH}:{mm}:{ss}", space: 90 }, { ...axis, size: 55 }],
        series: [{ label: names[0], value: "{HH}:{mm}:{ss}" }, line(0, "--main"), line(1, "--good", [6, 3]), line(2, "--bad"), line(3, "--wait", [2, 3])],
      }, points, curve);
    };
    draw();
    addEventListener("resize", () => plot.setSize({ width: curve.clientWidth, height: 220 }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }
  const add = (row) => {
    const last = points[0].at(-1);
    if (last !== undefined && row[0] <= last) return;
    row.forEach((value, i) => {
      points[i].push(value);
      if (points[i].length > 300) points[i].shift();
    });
    plot.setData(points);
  };

  // Pieces of the page come when they change.
  const streamed = document.querySelector("[data-stream]");
  if (streamed) follow(streamed.dataset.stream, (id, html) => {
    const piece = document.getElementById(id);
    if (!piece || !html) return;
    if (piece === curve) {
      if (plot) add(JSON.parse(html));
    } else if (window.htmx) {
      htmx.swap({ sourceElement: piece, target: piece, text: html, swap: "innerMorph" }); // made and escaped by the server
    } else piece.innerHTML = html;
  });
}
