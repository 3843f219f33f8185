"use strict";
/* Draws each run's timeline from its JSON model when it first comes into view.
   Lanes from top to bottom share one time axis: faults, probes and processes, response,
   throughput, numeric probes. Colours come from the style sheet, so a theme change redraws. */
(() => {
  const ROW = 26, CLAIM = 34, LANE = 150, SMALL = 64, GAP = 40, TOP = 30, BOTTOM = 40;
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
    if (model.thresholds.length) lanes.push({ sort: "thresholds", title: "Thresholds, and where they look", height: CLAIM * model.thresholds.length });
    if (model.strips.length) lanes.push({ sort: "strips", title: "Services and probes", height: ROW * model.strips.length });
    const { users, heat, flow, errors, generator } = model.load;
    if (users) lanes.push({ sort: "users", title: "Users", height: SMALL });
    if (model.response) {
      lanes.push({ sort: "response", title: `Response from due to end, ms${log ? ", log scale" : ""}`, height: LANE + 20 });
      if (heat) lanes.push({ sort: "heat", title: "How many took how long, ms, by when they were due", height: LANE - 20 });
      lanes.push({ sort: "rate", title: `Operations per second${flow ? ", by when they were due" : ""}`, height: LANE - 30 });
    }
    if (errors) lanes.push({ sort: "errors", title: "Errors per second, by when they were due", height: SMALL + 16 });
    if (generator) lanes.push({ sort: "generator", title: "Lag from due to send, ms", height: SMALL + 16 });
    if (generator?.cpu) lanes.push({ sort: "cpu", title: "Load generator: CPU, % of a core", height: SMALL });
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

  const KEPT = { kept: "good", crossed: "bad", unknown: "absent" };
  const thresholds = (model, lane) => Object.entries(KEPT).flatMap(([word, tone]) => {
    const each = model.thresholds.flatMap((row, index) => (row.word !== word ? [] : row.bars.map((one) => ({ row, index, from: one[0], to: one[1] }))));
    if (!each.length) return [];
    const marker = { color: word === "kept" ? colour(tone) : faded(colour(tone), .3), line: { color: colour(tone), width: 1 } };
    if (word !== "kept") marker.pattern = { shape: word === "crossed" ? "x" : "-", fgcolor: colour(tone), fillmode: "overlay", size: 5, solidity: .35 };
    return [bar(lane, each.map((one) => one.from), each.map((one) => one.to - one.from), each.map((one) => one.index + .2),
      each.map((one) => `<b>${escaped(one.row.name)}</b> ${word}<br>${escaped(one.row.told)}`), { width: word === "crossed" ? .34 : .2, marker })];
  });

  const line = (lane, name, t, v, look, unit, legend) => ({
    type: "scatter", mode: "lines", name, xaxis: "x", yaxis: lane.axis, x: t, y: v, connectgaps: false, showlegend: Boolean(legend),
    legend, line: { width: 1.6, ...look }, hovertemplate: `${name} %{y:,.4~g}${unit}<extra></extra>`,
  });

  const users = (model, lane) => [{ ...line(lane, "users", model.load.users.t, model.load.users.v, { color: colour("hue-1"), shape: "hvh" }, ""),
    fill: "tozeroy", fillcolor: faded(colour("hue-1"), .12), hovertemplate: "%{y:,} users<extra></extra>" }];

  const heat = (model, lane) => {
    const { start, width, ms, z } = model.load.heat;
    const edges = z[0].map((_, at) => start + at * width).concat(start + z[0].length * width);
    // The eye compares magnitudes: a few slow ones must not vanish beside thousands.
    return [{ type: "heatmap", xaxis: "x", yaxis: lane.axis, x: edges, y: ms, showscale: false, hoverongaps: false, ygap: .5,
      z: z.map((row) => row.map((count) => (count ? Math.log10(1 + count) : null))), customdata: z, zmin: 0,
      colorscale: [[0, faded(colour("p95"), .14)], [.5, colour("p95")], [1, colour("p99")]],
      hovertemplate: "%{customdata:,} of about %{y:,.3~g} ms<extra></extra>" }];
  };

  const HUES = ["bad", "info", "hue-3", "hue-0", "hue-2", "hue-5", "absent"];
  const errors = (model, lane) => model.load.errors.names.map((name, at) => ({
    type: "bar", name: escaped(name), legend: "legend3", showlegend: true, xaxis: "x", yaxis: lane.axis, x: model.load.errors.t, y: model.load.errors.v[at],
    width: model.load.errors.width, marker: { color: colour(HUES[at % HUES.length]), line: { width: 0 },
      pattern: { shape: PATTERNS[at % PATTERNS.length], fgcolor: colour("card"), fillmode: "overlay", size: 4, solidity: .18 } },
    hovertemplate: `${escaped(name)} %{y:,.4~g}/s<extra></extra>`,
  }));

  const generator = (model, lane) => {
    const { t, lag, loop } = model.load.generator;
    const traces = [line(lane, "lag p99", t, lag, { color: colour("hue-2") }, " ms", "legend4")];
    if (loop) traces.push(line(lane, "event loop", t, loop, { color: colour("hue-5"), dash: "dot" }, " ms", "legend4"));
    return traces;
  };
  const cpu = (model, lane) => [line(lane, "CPU", model.load.generator.t, model.load.generator.cpu, { color: colour("hue-5") }, " %")];

  const throughput = (model, lane) => {
    const { flow } = model.load;
    const bars = outcomes(model, lane);
    if (!flow) return bars;
    const stacked = (name, y, tone, shape) => ({ type: "bar", name, legend: "legend2", xaxis: "x", yaxis: lane.axis, x: flow.t, y, width: flow.width,
      marker: { color: faded(colour(tone), .35), line: { color: colour(tone), width: 1 }, pattern: { shape, fgcolor: colour(tone), fillmode: "overlay", size: 4, solidity: .3 } },
      hovertemplate: `%{y:,.4~g}/s ${name}<extra></extra>` });
    if (flow.dropped) bars.push(stacked("dropped", flow.dropped.map((value) => value || null), "dirty", "x"));
    if (flow.waited) bars.push(line(lane, "waited", flow.t, flow.waited, { color: colour("info"), dash: "dot" }, "/s", "legend2"));
    return [...bars, line(lane, "ended", flow.t, flow.done, { color: colour("ink"), width: 1.4 }, "/s", "legend2")];
  };

  const outcomes = (model, lane) => [
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

  const LEGENDS = ["response", "rate", "errors", "generator"];
  const drawing = { faults: faultBars, thresholds, strips, users, response, heat, rate: throughput, errors, generator, cpu, line: (_, lane) => numeric(lane) };

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
    if (lane.sort === "thresholds") return { ...base, ...rowAxis(model.thresholds.map((row) => ({ name: row.word })), limit), tickfont: { color: colour("soft"), size: 12 } };
    if (lane.sort === "heat") return { ...base, type: "log", rangemode: "normal", dtick: 1, exponentformat: "none", showgrid: false, ticks: "" };
    if (lane.sort === "response" && log) return { ...base, type: "log", rangemode: "normal", dtick: 1, exponentformat: "none" };
    if (lane.sort === "rate") {
      const { ok, fail, info } = model.rate;
      const { done = [], dropped, waited } = model.load.flow ?? {};
      const highest = Math.max(...ok.map((value, at) => value + fail[at] + info[at] + (dropped?.[at] ?? 0)), ...done, ...(waited ?? []), ...(dropped ?? []));
      return { ...base, nticks: 4, range: [0, 1.12 * highest] };
    }
    if (["line", "users", "errors", "generator", "cpu"].includes(lane.sort)) return { ...base, nticks: 3 };
    return base;
  };

  /* What a threshold claims, and what was found, stand above its bar. */
  const claims = (model, lane, limit) => model.thresholds.map((row, index) => ({
    text: escaped(short(`${row.name} · ${row.told}`, limit)), showarrow: false, xref: "x", yref: lane.axis, x: 0, y: index - .02, xanchor: "left",
    yanchor: "bottom", font: { size: 11.5, color: row.word === "crossed" ? colour("fail") : colour("ink") },
  }));

  const layoutOf = (model, planned, log, width) => {
    const { lanes, height } = planned;
    const narrow = width < 820;
    const rowed = model.faults.length + model.strips.length + model.thresholds.length > 0;
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
      if (lane.sort === "errors") layout.legend3 = legend(lane);
      if (lane.sort === "generator") layout.legend4 = legend(lane);
      layout.annotations.push({ text: `<b>${escaped(lane.title)}</b>`, showarrow: false, xref: "paper", yref: "paper", x: 0,
        y: lane.domain[1], yshift: narrow && LEGENDS.includes(lane.sort) ? 19 : 0, xanchor: "left", yanchor: "bottom",
        font: { size: 12, color: colour("soft") } });
      if (lane.sort === "thresholds") layout.annotations.push(...claims(model, lane, narrow ? 60 : 130));
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
    holder.dataset.log = button.getAttribute("aria-pressed") === "true" ? "on" : "off";
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
