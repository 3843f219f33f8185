"use strict";
/* Draws each run's timeline from its JSON model when it first comes into view.
   Lanes from top to bottom share one time axis: faults, probes and processes, response,
   throughput, numeric probes. Colours come from the style sheet, so a theme change redraws. */
(() => {
  const ROW = 26, LANE = 150, SMALL = 64, GAP = 40, TOP = 30, BOTTOM = 40;
  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const hueOf = (row) => colour(`hue-${row.hue % 6}`);
  const PATTERNS = ["", "/", "x", "-", "\\", "+"];
  const escaped = (text) => String(text).replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
  const faded = (hex, alpha) => {
    const value = parseInt(hex.slice(1), 16);
    return `rgba(${value >> 16}, ${(value >> 8) & 255}, ${value & 255}, ${alpha})`;
  };
  const short = (text, limit) => (text.length <= limit ? text : `${text.slice(0, limit - 1)}…`);

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

  /* Plans the lanes: how high each one is, and its share of the drawing from the bottom up. */
  const plan = (model, log) => {
    const lanes = [];
    if (model.faults.length) lanes.push({ sort: "faults", title: "Faults", height: ROW * model.faults.length });
    if (model.strips.length) lanes.push({ sort: "strips", title: "Services and probes", height: ROW * model.strips.length });
    if (model.response) {
      lanes.push({ sort: "response", title: `Response from due to end, ms${log ? ", log scale" : ""}`, height: LANE + 20 });
      lanes.push({ sort: "rate", title: "Operations per second", height: LANE - 30 });
    }
    for (const line of model.lines) lanes.push({ sort: "line", title: `Probe ${short(line.name, 60)}`, height: SMALL, line });
    const height = lanes.reduce((sum, lane) => sum + lane.height, 0) + GAP * Math.max(0, lanes.length - 1);
    let top = height;
    lanes.forEach((lane, index) => {
      lane.axis = index ? `y${index + 1}` : "y";
      lane.key = index ? `yaxis${index + 1}` : "yaxis";
      lane.domain = [Math.max(0, (top - lane.height) / height), top / height];
      top -= lane.height + GAP;
    });
    return { lanes, height };
  };

  const bar = (lane, base, x, y, hover, look) => ({
    type: "bar", orientation: "h", xaxis: "x", yaxis: lane.axis, showlegend: false,
    base, x, y, customdata: hover, hovertemplate: "%{customdata}<extra></extra>", ...look,
  });

  const faultBars = (model, lane) => model.faults.flatMap((row, index) => {
    const hue = hueOf(row);
    const parts = { wait: [], bite: [], gone: [] };
    for (const one of row.bars) {
      const [, injected, bitten, released, healed] = one.times;
      if (injected === null) continue;
      const over = released ?? one.end;
      const hover = `<b>${escaped(row.name)}</b> · ${escaped(one.kind)} on ${escaped(row.target)} · ${one.word}` +
        `<br>${one.told.join("<br>")}` + (one.proof ? `<br><i>${escaped(one.proof)}</i>` : "");
      parts.wait.push([injected, bitten ?? over, hover]);
      if (bitten !== null) parts.bite.push([bitten, Math.max(over, bitten), hover]);
      if (released !== null) parts.gone.push([released, healed ?? one.end, hover]);
    }
    const look = {
      wait: { color: faded(hue, .1), pattern: { shape: "/", fgcolor: hue, fillmode: "overlay", size: 6, solidity: .2 } },
      bite: { color: hue },
      gone: { color: faded(hue, .1), pattern: { shape: ".", fgcolor: hue, fillmode: "overlay", size: 5, solidity: .25 } },
    };
    return Object.entries(parts).filter(([, each]) => each.length).map(([part, each]) => bar(
      lane, each.map((one) => one[0]), each.map((one) => one[1] - one[0]), each.map(() => index),
      each.map((one) => one[2]), { width: .56, marker: { ...look[part], line: { color: hue, width: 1 } } }));
  });

  const STATES = {
    good: { colour: "good", pattern: "", width: .3, word: "as expected" },
    up: { colour: "good", pattern: "", width: .12, word: "up" },
    bad: { colour: "bad", pattern: "x", width: .66, word: "not as expected" },
    down: { colour: "bad", pattern: "x", width: .5, word: "down" },
    absent: { colour: "absent", pattern: "-", width: .46, word: "no answer" },
  };
  const strips = (model, lane) => {
    // A faint line where nobody looked.
    const unseen = model.strips.flatMap((strip, index) => (strip.sort !== "probe" ? [] :
      [...strip.stretches, { from: model.end }].map((one, at) => ({ index, from: at ? strip.stretches[at - 1].to : 0, to: one.from }))))
      .filter((one) => one.to > one.from);
    const traces = [bar(lane, unseen.map((one) => one.from), unseen.map((one) => one.to - one.from), unseen.map((one) => one.index),
      [], { width: .04, hovertemplate: null, hoverinfo: "skip", marker: { color: colour("strong-line"), line: { width: 0 } } })];
    for (const [state, look] of Object.entries(STATES)) {
      const each = model.strips.flatMap((strip, index) => strip.stretches
        .filter((one) => one.state === state).map((one) => ({ ...one, index, name: strip.name })));
      if (!each.length) continue;
      const marker = { color: colour(look.colour), line: { color: colour(look.colour), width: 1 } };
      if (look.pattern) {
        marker.color = faded(colour(look.colour), .3);
        marker.pattern = { shape: look.pattern, fgcolor: colour(look.colour), fillmode: "overlay", size: 5, solidity: .35 };
      }
      traces.push(bar(lane, each.map((one) => one.from), each.map((one) => one.to - one.from), each.map((one) => one.index),
        each.map((one) => `<b>${escaped(one.name)}</b> ${look.word}<br>${one.from.toFixed(1)} s to ${one.to.toFixed(1)} s<br>${escaped(one.told)}`),
        { width: look.width, marker }));
    }
    const marks = model.strips.flatMap((strip, index) => strip.marks.map((one) => ({ ...one, index, name: strip.name })));
    const symbols = { started: "triangle-up", exited: "circle-open", exit: "x" };
    const colours = { started: colour("good"), exited: colour("soft"), exit: colour("bad") };
    if (marks.length) traces.push({
      type: "scatter", mode: "markers", xaxis: "x", yaxis: lane.axis, showlegend: false,
      x: marks.map((one) => one.at), y: marks.map((one) => one.index),
      customdata: marks.map((one) => `<b>${escaped(one.name)}</b><br>${escaped(one.told)}`),
      hovertemplate: "%{customdata}<extra></extra>", cliponaxis: false,
      marker: { size: 10, symbol: marks.map((one) => symbols[one.state]), color: marks.map((one) => colours[one.state]),
        line: { width: 2, color: marks.map((one) => (one.state === "exited" ? colours.exited : colour("card"))) } },
    });
    return traces;
  };

  const response = (model, lane) => [
    ["max", "absent", "dot", 1], ["p99", "p99", "solid", 1.2], ["p95", "p95", "solid", 2], ["p50", "p50", "dash", 1.6],
  ].map(([name, tone, dash, width]) => ({
    type: "scatter", name, marker: { size: 4.5, symbol: "circle" },
    // Lone points between gaps would be invisible as a line.
    mode: name !== "max" && model.response.p50.includes(null) || model.response.t.length < 3 ? "lines+markers" : "lines",
    legend: "legend", xaxis: "x", yaxis: lane.axis,
    x: model.response.t, y: model.response[name], connectgaps: false,
    line: { color: colour(tone), width, dash, shape: "linear" },
    hovertemplate: `${name} %{y:,.4~g} ms<extra></extra>`,
  }));

  const throughput = (model, lane) => [
    ["ok", "ok", ""], ["fail", "bad", "x"], ["info", "info", "/"],
  ].filter(([name]) => name === "ok" || model.rate[name].some((value) => value)).map(([name, tone, shape]) => ({
    type: "bar", name: { ok: "ok", fail: "failed", info: "undecided" }[name], legend: "legend2", xaxis: "x", yaxis: lane.axis,
    x: model.rate.t, y: model.rate[name], width: model.rate.width, 
    marker: { color: colour(tone), line: { width: 0 },
      pattern: shape ? { shape, fgcolor: colour("card"), fillmode: "overlay", size: 4, solidity: .22 } : undefined },
    hovertemplate: `%{y:,.4~g}/s ${name}<extra></extra>`,
  }));

  const numeric = (lane) => [{
    type: "scatter", mode: "lines", xaxis: "x", yaxis: lane.axis, showlegend: false, x: lane.line.t, y: lane.line.v,
    connectgaps: false, line: { color: colour("hue-1"), width: 1.6, shape: "hv" },
    // A fill would be drawn across the gaps.
    fill: lane.line.v.slice(0, -1).includes(null) ? "none" : "tozeroy",
    fillcolor: faded(colour("hue-1"), .1), hovertemplate: `${escaped(short(lane.line.name, 40))} %{y:,.6~g}<extra></extra>`,
  }];

  const drawing = { faults: faultBars, strips, response, rate: throughput, line: (_, lane) => numeric(lane) };

  /* Each injection shades every lane, so that what happened during it is seen at once. */
  const bands = (model) => model.faults.flatMap((row) => row.bars.filter((one) => one.times[1] !== null).map((one) => ({
    type: "rect", layer: "below", xref: "x", yref: "paper", y0: 0, y1: 1, x0: one.times[1], x1: one.times[3] ?? one.end,
    fillcolor: faded(hueOf(row), .08), line: { width: 0 },
  })));

  const phases = (model) => model.phases.filter((one) => one.at > 0).map((one) => ({
    type: "line", layer: "below", xref: "x", yref: "paper", x0: one.at, x1: one.at, y0: 0, y1: 1,
    line: { color: colour("strong-line"), width: 1, dash: "dot" },
  }));

  const rowAxis = (rows, limit) => ({
    tickvals: rows.map((_, index) => index), ticktext: rows.map((row) => escaped(short(row.name, limit))),
    range: [rows.length - .5, -.5], showgrid: false, zeroline: false, fixedrange: true, ticks: "",
  });

  const axisOf = (lane, model, log, limit) => {
    const base = { domain: lane.domain, anchor: "x", tickfont: { color: colour("soft"), size: 11.5 }, gridcolor: colour("line"),
      zerolinecolor: colour("line"), fixedrange: true, nticks: 5, rangemode: "tozero", automargin: false };
    if (lane.sort === "faults") return { ...base, ...rowAxis(model.faults, limit), tickfont: { color: colour("ink"), size: 12 } };
    if (lane.sort === "strips") return { ...base, ...rowAxis(model.strips, limit), tickfont: { color: colour("ink"), size: 12 } };
    if (lane.sort === "response" && log) return { ...base, type: "log", rangemode: "normal", dtick: 1, exponentformat: "none" };
    if (lane.sort === "rate") {
      const { ok, fail, info } = model.rate;
      return { ...base, nticks: 4, range: [0, 1.12 * Math.max(...ok.map((value, at) => value + fail[at] + info[at]))] };
    }
    if (lane.sort === "line") return { ...base, nticks: 3 };
    return base;
  };

  const layoutOf = (model, planned, log, width) => {
    const { lanes, height } = planned;
    const narrow = width < 820;
    const rowed = model.faults.length + model.strips.length > 0;
    const layout = {
      height: height + TOP + BOTTOM, autosize: true, barmode: "stack", hovermode: "closest", dragmode: "zoom",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: rowed ? (narrow ? 132 : 168) : 60, r: 22, t: TOP, b: BOTTOM, pad: 4 },
      font: { family: getComputedStyle(document.body).fontFamily, color: colour("soft"), size: 12 },
      hoverlabel: { bgcolor: colour("card"), bordercolor: colour("strong-line"), align: "left",
        font: { color: colour("ink"), size: 12.5, family: getComputedStyle(document.body).fontFamily } },
      xaxis: { range: [Math.min(0, model.end * -.002), model.end * 1.004 || 1], anchor: lanes.length ? lanes[lanes.length - 1].axis : "y",
        ticksuffix: " s", gridcolor: colour("line"), zeroline: false, showspikes: true, spikemode: "across", spikesnap: "cursor",
        spikethickness: 1, spikedash: "solid", spikecolor: colour("soft"), tickfont: { color: colour("soft"), size: 11.5 }, nticks: narrow ? 8 : 14 },
      shapes: [...bands(model), ...phases(model)], annotations: [],
    };
    const legend = (lane) => ({ orientation: "h", x: 1, xanchor: "right", y: lane.domain[1], yanchor: "bottom", traceorder: "reversed",
      font: { size: 11.5, color: colour("soft") }, bgcolor: "rgba(0,0,0,0)", itemwidth: 30 });
    for (const lane of lanes) {
      layout[lane.key] = axisOf(lane, model, log, narrow ? 17 : 22);
      if (lane.sort === "response") layout.legend = legend(lane);
      if (lane.sort === "rate") layout.legend2 = legend(lane);
      layout.annotations.push({ text: `<b>${escaped(lane.title)}</b>`, showarrow: false, xref: "paper", yref: "paper", x: 0,
        y: lane.domain[1], xanchor: "left", yanchor: "bottom", font: { size: 12, color: colour("soft") } });
    }
    return layout;
  };

  const draw = async (holder) => {
    const model = JSON.parse(document.getElementById(holder.dataset.chart).textContent);
    const log = holder.dataset.log === "on";
    const planned = plan(model, log);
    if (!planned.lanes.length) {
      holder.replaceChildren(Object.assign(document.createElement("p"), { className: "waiting", textContent: "Nothing was recorded that could be drawn." }));
      return;
    }
    try {
      const plotly = await library();
      const traces = planned.lanes.flatMap((lane) => drawing[lane.sort](model, lane));
      holder.querySelector(".waiting")?.remove();
      await plotly.react(holder, traces, layoutOf(model, planned, log, holder.clientWidth),
        { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: "reset" });
      holder.dataset.drawn = "yes";
    } catch (trouble) {
      holder.textContent = `The chart could not be drawn in this browser: ${trouble}`;
    }
  };

  const holders = [...document.querySelectorAll("[data-chart]")];
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "400px" });
  for (const holder of holders) {
    seen.observe(holder);
    const button = holder.parentElement.querySelector("[data-log]");
    if (!JSON.parse(document.getElementById(holder.dataset.chart).textContent).response) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      holder.dataset.log = holder.dataset.log === "on" ? "off" : "on";
      button.setAttribute("aria-pressed", String(holder.dataset.log === "on"));
      draw(holder);
    });
  }
  const redraw = () => holders.filter((one) => one.dataset.drawn).forEach(draw);
  document.addEventListener("hormesis:theme", redraw);
  document.addEventListener("hormesis:draw-all", () => holders.filter((one) => !one.dataset.drawn).forEach(draw));
})();
