"use strict";
/* Draws the trends from their JSON; colours come from the style sheet, so a new theme redraws. */
(() => {
  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const models = JSON.parse(document.getElementById("trends").textContent);
  let loading = null;
  const library = () => {
    loading ??= (async () => {
      const packed = document.getElementById("chart-library").textContent.trim();
      const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      const script = document.createElement("script");
      script.textContent = await new Response(stream).text();
      document.head.append(script);
      return window.Plotly;
    })();
    return loading;
  };

  const traceOf = (model) => (trace) => {
    const hovertemplate = `%{y}${model.unit}<extra>${trace.name}, run %{x}</extra>`;
    const common = { x: model.runs.map(String), y: trace.values, name: trace.name, hovertemplate };
    const paint = { color: colour(trace.colour) };
    if (trace.sort === "bar") return { ...common, type: "bar", marker: paint };
    return { ...common, type: "scatter", mode: "lines+markers", connectgaps: false,
      line: { ...paint, width: 2 }, marker: { ...paint, size: 7 } };
  };

  const layoutOf = (model) => {
    const font = { color: colour("soft"), size: 11.5 };
    const family = getComputedStyle(document.body).fontFamily;
    const top = model.top ? { range: [0, model.top * 1.06] } : { rangemode: "tozero" };
    return {
      autosize: true, height: 190, barmode: "stack", bargap: .35, dragmode: false, hovermode: "closest",
      margin: { l: 44, r: 8, t: 10, b: 30, pad: 4 }, font: { ...font, family },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      hoverlabel: { bgcolor: colour("card"), bordercolor: colour("strong-line"), font: { color: colour("ink") } },
      xaxis: { type: "category", tickfont: font, gridcolor: "rgba(0,0,0,0)", nticks: 12 },
      yaxis: { ...top, ticksuffix: model.unit, tickfont: font, gridcolor: colour("line"), zeroline: false, nticks: 5 },
      showlegend: model.traces.length > 1,
      legend: { orientation: "h", x: 1, xanchor: "right", y: 1.18, font },
    };
  };

  const draw = async (holder) => {
    const model = models.find((one) => one.name === holder.dataset.trend);
    try {
      const plotly = await library();
      await plotly.react(holder, model.traces.map(traceOf(model)), layoutOf(model),
        { displayModeBar: false, responsive: true });
    } catch (trouble) {
      holder.textContent = `The chart could not be drawn in this browser: ${trouble}`;
    }
  };
  const all = () => document.querySelectorAll("[data-trend]").forEach(draw);
  document.addEventListener("hormesis:theme", all);
  all();
})();
