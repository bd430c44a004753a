"use strict";
/* Draws the network: elk places boxes and lines, this shows them, zooms, folds, finds, lights up. */
(function () {
  const holder = document.getElementById("picture");
  const source = document.getElementById("data");
  if (!holder || !source) return;
  const data = JSON.parse(source.textContent).picture;
  const spots = data.spots, lines = data.lines;
  const byId = (id) => document.getElementById(id);
  const svg = byId("drawing"), told = byId("told"), sought = byId("sought");
  const NS = "http://www.w3.org/2000/svg";
  const HOLDS = new Set(["network", "hub", "subnet"]);
  const MANY = 140, CROWD = 24, SPOKES = 10;

  /* ---- the tree ---- */
  const children = spots.map(() => []);
  const top = [];
  spots.forEach((spot, i) => (spot.p === undefined ? top : children[spot.p]).push(i));
  const outermost = spots.map((spot, i) => { while (spots[i].p !== undefined) i = spots[i].p; return i; });
  const internet = spots.findIndex((spot) => spot.k === "internet");
  const around = spots.map(() => []);
  lines.forEach((line, n) => { around[line.s].push(n); around[line.t].push(n); });
  const boxes = top.filter((i) => children[i].length);
  const inside = (i) => children[i].reduce((sum, c) => sum + (spots[c].c || 1) + inside(c), 0);

  /* What stands outside and belongs to one network alone folds away with it. */
  const keeper = new Map();
  for (const i of top) {
    if (children[i].length || i === internet || HOLDS.has(spots[i].k)) continue;
    const ends = new Set(around[i].map((n) => outermost[lines[n].s === i ? lines[n].t : lines[n].s]));
    ends.delete(internet);
    if (ends.size === 1) { const [end] = ends; if (children[end].length) keeper.set(i, end); }
  }

  const folded = new Set(spots.length > MANY ? boxes : []);
  const crowd = lines.filter((line) => line.k === "entrance").length > CROWD;

  function shownAs(i) {
    if (keeper.has(i) && folded.has(keeper.get(i))) i = keeper.get(i);
    let seen = i;
    for (let at = i; at !== undefined; at = spots[at].p) if (folded.has(at)) seen = at;
    return seen;
  }

  /* ---- findings ---- */
  const findings = spots.map(() => []);
  const RANK = ["info", "low", "medium", "high", "critical"];
  for (const [mark, places] of Object.entries(data.places)) {
    const item = byId("f-" + mark);
    if (!item) continue;
    const one = { mark, severity: item.dataset.severity, status: item.dataset.status, rule: item.dataset.rule,
      text: item.querySelector(".message").textContent };
    for (const place of places) findings[place].push(one);
  }
  const below = (i) => [i, ...children[i].flatMap(below)];
  function findingsAt(i) {
    if (!folded.has(i)) return findings[i];
    const all = [...below(i), ...[...keeper].filter(([, k]) => k === i).map(([s]) => s)];
    return [...new Map(all.flatMap((s) => findings[s]).map((one) => [one.mark, one])).values()];
  }

  /* ---- layout ---- */
  const elk = new ELK();
  /* Texts are measured, never counted: letters differ, and what this machine has no letters for, too. */
  const pen = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(svg).fontFamily;
  const NAME = `600 12px ${family}`, SOFT = `10.5px ${family}`;
  const widths = new Map();
  function width(text, font) {
    const key = font + text;
    if (!widths.has(key)) { pen.font = font; widths.set(key, Math.ceil(pen.measureText(text).width)); }
    return widths.get(key);
  }
  const segmenter = self.Intl && Intl.Segmenter ? new Intl.Segmenter() : null;
  const letters = (text) => (segmenter ? Array.from(segmenter.segment(text), (one) => one.segment) : Array.from(text));
  /* The beginning of a text that fits; a letter of several characters is never split. */
  function cut(text, room, font) {
    if (width(text, font) <= room) return text;
    const parts = letters(text);
    let low = 1, high = parts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (width(parts.slice(0, middle).join("") + "\u2026", font) <= room) low = middle; else high = middle - 1;
    }
    return parts.slice(0, low).join("") + "\u2026";
  }
  /* A name that is read from the right begins there, wherever it stands. */
  const isolated = (text) => (/[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(text) ? `\u2068${text}\u2069` : text);
  const nameOf = (spot) => (spot.c ? `${spot.c} \u00d7 ${spot.n}` : spot.n);
  const kindOf = (spot) => data.words[spot.k];
  const underOf = (i) => {
    const spot = spots[i], facts = spot.f || [];
    if (folded.has(i)) return [`${inside(i)} inside`, ...facts];
    return spot.k === "subnet" ? facts : [kindOf(spot), ...facts];
  };
  function leaf(i) {
    const spot = spots[i];
    const fold = children[i].length ? 14 : 0;
    const under = width(underOf(i).join(" \u00b7 "), SOFT) + 22 + fold;
    const wide = Math.min(250, Math.max(132, 54 + fold + width(nameOf(spot), NAME), Math.min(under, 190)));
    return { id: "s" + i, width: wide, height: folded.has(i) ? 58 : 46 };
  }
  const BOX = { "elk.padding": "[top=46,left=14,bottom=14,right=14]" };
  /* A box is at least as wide as its name. */
  function boxed(i) {
    const under = width(underOf(i).join(" \u00b7 "), SOFT) + 40;
    const wide = Math.min(280, Math.max(70 + width(nameOf(spots[i]), NAME), Math.min(under, 240)));
    return { ...BOX, "elk.nodeSize.constraints": "MINIMUM_SIZE", "elk.nodeSize.minimum": `(${wide},60)` };
  }
  const PACK = { "elk.algorithm": "rectpacking", "elk.spacing.nodeNode": "12", "elk.aspectRatio": "1.5",
    "elk.hierarchyHandling": "SEPARATE_CHILDREN", "elk.padding": "[top=0,left=0,bottom=0,right=0]" };
  const FLOW = { "elk.algorithm": "layered", "elk.direction": "RIGHT",
    "elk.hierarchyHandling": "INCLUDE_CHILDREN", "elk.edgeRouting": "ORTHOGONAL",
    "elk.layered.spacing.nodeNodeBetweenLayers": "46", "elk.layered.spacing.edgeNodeBetweenLayers": "16",
    "elk.spacing.nodeNode": "18", "elk.spacing.edgeNode": "12", "elk.spacing.edgeEdge": "8",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX", "elk.randomSeed": "1",
    "elk.padding": "[top=4,left=4,bottom=4,right=4]" };

  /* Lines between what is shown, those of a kind between the same two as one. */
  function drawnLines() {
    const found = new Map();
    for (const line of lines) {
      if (crowd && line.k === "entrance") continue;
      const s = shownAs(line.s), t = shownAs(line.t);
      if (s === t) continue;
      const key = `${s} ${t} ${line.k}`;
      const known = found.get(key);
      if (known) { known.lines.push(line); known.down = known.down && !!line.x; }
      else found.set(key, { s, t, k: line.k, down: !!line.x, lines: [line] });
    }
    return [...found.values()];
  }

  let containers = 0, groups = new Map();
  const box = (nodes, options, label) => {
    const id = "c" + (containers += 1);
    if (label) groups.set(id, label);
    return { id, children: nodes, layoutOptions: options };
  };

  /* What no line touches is packed beside what lines join. */
  function node(i, busy) {
    if (folded.has(i) || !children[i].length) return leaf(i);
    const flowing = children[i].filter((c) => busy.has(c)), still = children[i].filter((c) => !busy.has(c));
    const kids = flowing.map((c) => node(c, busy));
    if (still.length && !flowing.length) {
      return { id: "s" + i, children: still.map((c) => node(c, busy)), layoutOptions: { ...PACK, ...boxed(i) } };
    }
    if (still.length) kids.push(box(still.map((c) => node(c, busy)), PACK));
    return { id: "s" + i, children: kids, layoutOptions: boxed(i) };
  }

  function components(shown, edges) {
    const root = new Map(shown.map((i) => [i, i]));
    const find = (i) => { while (root.get(i) !== i) i = root.get(i); return i; };
    for (const edge of edges) root.set(find(outermost[edge.s]), find(outermost[edge.t]));
    const parts = new Map();
    for (const i of shown) { const r = find(i); if (!parts.has(r)) parts.set(r, []); parts.get(r).push(i); }
    return [...parts.values()];
  }

  /* A hub with many closed spokes that have no other line: one group, one line. */
  function spokes(part, edges) {
    const groupOf = new Map();
    for (const hub of part) {
      const mine = edges.filter((e) => e.k === "peering" && (e.s === hub || e.t === hub));
      const alone = mine.map((e) => (e.s === hub ? e.t : e.s)).filter((i) => folded.has(i) &&
        edges.every((e) => (e.s !== i && e.t !== i) || mine.includes(e)));
      if (alone.length > SPOKES) groupOf.set(hub, alone);
    }
    return groupOf;
  }

  function graph() {
    containers = 0; groups = new Map();
    const edges = drawnLines();
    const busy = new Set();
    for (const edge of edges) {
      for (let at of [edge.s, edge.t]) for (; at !== undefined; at = spots[at].p) busy.add(at);
    }
    const shown = top.filter((i) => shownAs(i) === i);
    /* Where there is much, less pains: seconds matter more than the last crossing. */
    const much = spots.filter((_, i) => shownAs(i) === i).length > 500;
    const flow = much ? { ...FLOW, "elk.layered.thoroughness": "1",
      "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF" } : FLOW;
    const parts = components(shown, edges);
    const alone = parts.filter((part) => part.length === 1 && !children[part[0]].length).flat();
    const nodes = parts.filter((part) => !(part.length === 1 && !children[part[0]].length)).map((part) => {
      const grouped = spokes(part, edges);
      const packed = new Set([...grouped.values()].flat());
      const own = edges.filter((e) => part.includes(outermost[e.s]) && !packed.has(e.s) && !packed.has(e.t));
      const kids = part.filter((i) => !packed.has(i)).map((i) => node(i, busy));
      const links = own.map((e) => ({ id: `e${edges.indexOf(e)}`, sources: ["s" + e.s], targets: ["s" + e.t] }));
      for (const [hub, many] of grouped) {
        const label = `${many.length} networks peered with ${spots[hub].n} alone`;
        const crate = box(many.map(leaf), { ...PACK, "elk.padding": "[top=30,left=12,bottom=12,right=12]" }, label);
        kids.push(crate);
        links.push({ id: `g${hub}`, sources: ["s" + hub], targets: [crate.id] });
      }
      return { ...box(kids, flow), edges: links };
    });
    if (alone.length) nodes.push(box(alone.map(leaf), PACK));
    const ratio = Math.max(1.1, Math.min(2.6, (svg.clientWidth || 1100) / (svg.clientHeight || 620)));
    const whole = { ...PACK, "elk.spacing.nodeNode": "34", "elk.aspectRatio": String(ratio),
      "elk.json.shapeCoords": "ROOT", "elk.json.edgeCoords": "ROOT" };
    return { edges, elk: { id: "root", children: nodes, layoutOptions: whole } };
  }

  /* ---- drawing ---- */
  const make = (name, attributes, parent, text) => {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  };
  let view = null, place = new Map(), routes = [], size = { w: 100, h: 100 }, elements = new Map();
  let at = { x: 0, y: 0, k: 1 }, lit = null, chosen = null, turn = 0;

  function draw(result, edges) {
    svg.replaceChildren();
    const defs = make("defs", {}, svg);
    for (const [id, name] of [["tip", "tip"], ["way-tip", "way-tip"]]) {
      const marker = make("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: id === "tip" ? 7 : 4,
        markerHeight: id === "tip" ? 7 : 4, orient: "auto-start-reverse" }, defs);
      make("path", { d: "M0 0L8 4L0 8z", class: name }, marker);
    }
    view = make("g", {}, svg);
    place = new Map(); routes = []; elements = new Map();
    const under = make("g", {}, view), wires = make("g", {}, view), over = make("g", {}, view);
    (function walk(nodes) {
      for (const one of nodes || []) {
        if (one.id[0] === "s") {
          const i = Number(one.id.slice(1));
          place.set(i, { x: one.x, y: one.y, w: one.width, h: one.height });
          spot(i, one.children ? under : over);
        } else if (groups.has(one.id)) {
          make("rect", { x: one.x, y: one.y, width: one.width, height: one.height, rx: 10, class: "group" }, under);
          make("text", { x: one.x + 12, y: one.y + 20, class: "group-name" }, under,
            cut(groups.get(one.id), one.width - 24, `12px ${family}`));
        }
        walk(one.children);
        for (const edge of one.edges || []) wire(edge, edges, wires);
      }
    })(result.children);
    size = { w: result.width || 100, h: result.height || 100 };
  }

  function spot(i, parent) {
    const it = spots[i], p = place.get(i), open = children[i].length && !folded.has(i);
    const holds = HOLDS.has(it.k);
    const g = make("g", { class: `spot ${it.k}${it.x ? " missing" : ""}${open ? " holds" : ""}`, tabindex: -1,
      role: "button", "aria-label": labelOf(i) }, parent);
    if (children[i].length) g.setAttribute("aria-expanded", String(!folded.has(i)));
    elements.set(i, g);
    /* Who listens has the label, which says it all, and nothing cut off. */
    const write = (at, to, text) => make("text", { ...at, "aria-hidden": "true" }, to, text);
    make("title", {}, g, labelOf(i));
    make("rect", { x: p.x, y: p.y, width: p.w, height: p.h, rx: holds ? 8 : 6, class: "shape" }, g);
    if (!holds) make("rect", { x: p.x, y: p.y + 8, width: 4, height: p.h - 16, rx: 2, class: "band" }, g);
    const left = p.x + (holds ? 12 : 14) + (children[i].length ? 14 : 0);
    if (children[i].length) {
      write({ x: p.x + 13, y: p.y + 20, class: "fold" }, g, folded.has(i) ? "\u25b8" : "\u25be");
    }
    const room = p.x + p.w - left - 12, found = findingsAt(i);
    const broken = found.filter((one) => one.status === "broken");
    const spare = broken.length ? 26 : it.d ? 12 : 0;
    write({ x: left, y: p.y + 20, class: "name" }, g, isolated(cut(nameOf(it), room - spare, NAME)));
    write({ x: left, y: p.y + 35, class: "soft" }, g, cut(underOf(i).join(" \u00b7 "), room + 6, SOFT));
    if (it.d) write({ x: p.x + p.w - (broken.length ? 40 : 16), y: p.y + 20, class: "doubt" }, g, "?");
    if (broken.length) {
      const worst = broken.map((one) => one.severity).sort((a, b) => RANK.indexOf(b) - RANK.indexOf(a))[0];
      const badge = make("g", { class: worst }, g), text = String(broken.length);
      const wide = 12 + text.length * 6;
      make("rect", { x: p.x + p.w - wide - 8, y: p.y + 8, width: wide, height: 16, rx: 8, class: "count" }, badge);
      write({ x: p.x + p.w - wide / 2 - 8, y: p.y + 20, class: "count-text" }, badge, text);
    }
    if (crowd && waysIn(i).length && !open) {
      make("path", { d: `M${p.x - 9} ${p.y + p.h / 2 - 6}l9 6l-9 6z`, class: "in" }, g);
    }
  }

  function waysIn(i) {
    const whole = new Set(folded.has(i) ? below(i) : [i]);
    return lines.filter((line) => line.k === "entrance" && whole.has(line.t));
  }
  function labelOf(i) {
    const it = spots[i];
    const parts = [it.k === "internet" ? nameOf(it) : `${nameOf(it)}, ${kindOf(it)}`, ...(it.f || []), ...(it.d || []).map((d) => `? ${d}`)];
    if (it.x) parts.push("not in the snapshot");
    const broken = findingsAt(i).filter((one) => one.status === "broken").length;
    if (broken) parts.push(`${broken} broken`);
    return parts.join("; ");
  }

  function wire(edge, edges, parent) {
    const section = (edge.sections || [])[0];
    if (!section) return;
    const points = [section.startPoint, ...(section.bendPoints || []), section.endPoint];
    const whole = edge.id[0] === "g";
    const line = whole ? { k: "peering", s: Number(edge.id.slice(1)), t: -1, lines: [] } : edges[Number(edge.id.slice(1))];
    const both = line.k === "peering" || line.k === "connection" || line.k === "part";
    const unsure = line.lines.some((one) => one.d) && !line.down;
    const path = make("path", { d: rounded(points), class:
      `line ${line.k}${line.down ? " down" : ""}${unsure ? " unsure" : ""}` }, parent);
    if (!both) path.setAttribute("marker-end", "url(#tip)");
    make("title", {}, path, line.lines.map((one) => sentence(one)).slice(0, 12).join("\n"));
    routes.push({ ...line, points, path });
  }
  const sentence = (line) => `${spots[line.s].n} \u2192 ${spots[line.t].n}: ${data.ties[line.k]}` +
    (line.l ? ` ${line.l}` : "") + (line.d ? ` (${line.d.join("; ")})` : "");
  function rounded(points) {
    let d = `M${points[0].x} ${points[0].y}`;
    for (let n = 1; n < points.length - 1; n += 1) {
      const a = points[n - 1], b = points[n], c = points[n + 1];
      const r = Math.min(8, Math.hypot(b.x - a.x, b.y - a.y) / 2, Math.hypot(c.x - b.x, c.y - b.y) / 2);
      const from = toward(b, a, r), to = toward(b, c, r);
      d += `L${from.x} ${from.y}Q${b.x} ${b.y} ${to.x} ${to.y}`;
    }
    const end = points[points.length - 1];
    return `${d}L${end.x} ${end.y}`;
  }
  function toward(a, b, r) {
    const far = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    return { x: a.x + ((b.x - a.x) * r) / far, y: a.y + ((b.y - a.y) * r) / far };
  }

  let latest = 0;
  function layout(then) {
    const mine = (latest += 1);
    holder.setAttribute("aria-busy", "true");
    const said = sought.textContent;
    sought.textContent = "drawing\u2026";
    let built = null;
    return new Promise((go) => setTimeout(go, 16)).then(() => {
      built = graph();
      return elk.layout(built.elk);
    }).then((result) => {
      if (mine !== latest) return;
      sought.textContent = said;
      draw(result, built.edges);
      holder.removeAttribute("aria-busy");
      if (then) then(); else fit();
      mark();
    });
  }

  /* ---- zoom ---- */
  const paint = () => view && view.setAttribute("transform", `translate(${at.x} ${at.y}) scale(${at.k})`);
  const area = () => svg.getBoundingClientRect();
  function frame(x, y, w, h, most) {
    const r = area(), k = Math.min((r.width - 36) / w, (r.height - 36) / h, most || 1.6);
    at = { k, x: (r.width - w * k) / 2 - x * k, y: (r.height - h * k) / 2 - y * k };
    paint();
  }
  const fit = () => frame(0, 0, size.w, size.h, 1.25);
  function zoom(by, x, y) {
    const r = area(), cx = x === undefined ? r.width / 2 : x, cy = y === undefined ? r.height / 2 : y;
    const k = Math.max(0.03, Math.min(5, at.k * by));
    at = { k, x: cx - ((cx - at.x) * k) / at.k, y: cy - ((cy - at.y) * k) / at.k };
    paint();
  }
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !holder.classList.contains("full")) return;
    event.preventDefault();
    const r = area();
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX - r.left, event.clientY - r.top);
  }, { passive: false });
  const fingers = new Map();
  let moved = false;
  svg.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, event); moved = false; });
  svg.addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const dx = event.clientX - last.clientX, dy = event.clientY - last.clientY;
    if (!moved && Math.hypot(dx, dy) < 4) return;
    if (!moved) { moved = true; svg.setPointerCapture(event.pointerId); }
    if (fingers.size === 2) {
      const [other] = [...fingers.values()].filter((one) => one.pointerId !== event.pointerId);
      const gap = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      const r = area();
      zoom(gap(event) / gap(last), other.clientX - r.left, other.clientY - r.top);
    } else { at.x += dx; at.y += dy; paint(); }
    fingers.set(event.pointerId, event);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    svg.addEventListener(name, (event) => fingers.delete(event.pointerId));
  }
  svg.addEventListener("keydown", (event) => {
    const step = 60, key = event.key;
    const move = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[key];
    if (event.target === svg && move) { at.x += move[0]; at.y += move[1]; paint(); }
    else if (key === "+" || key === "=") zoom(1.25);
    else if (key === "-") zoom(0.8);
    else if (key === "0") fit();
    else if (key === "Escape") {
      if (lit) light(null);
      else if (event.target !== svg) svg.focus({ preventScroll: true });
      else if (holder.classList.contains("full")) full();
    }
    else if (key === "Enter" || key === " ") {
      const i = spotOf(event.target);
      if (i === undefined) { focusFirst(); } else choose(i, true);
    } else if (event.target !== svg && move) { go(spotOf(event.target), key); }
    else return;
    event.preventDefault();
  });
  function focusFirst() { const [first] = elements.values(); if (first) first.focus(); }
  /* Arrows within the picture go to the nearest spot in that direction. */
  function go(from, key) {
    const p = place.get(from), c = { x: p.x + p.w / 2, y: p.y + p.h / 2 };
    const side = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    let best = null, least = Infinity;
    for (const [i, q] of place) {
      if (i === from) continue;
      const dx = q.x + q.w / 2 - c.x, dy = q.y + q.h / 2 - c.y;
      const ahead = dx * side[0] + dy * side[1], off = Math.abs(dx * side[1]) + Math.abs(dy * side[0]);
      if (ahead > 4 && ahead + 2.5 * off < least) { least = ahead + 2.5 * off; best = i; }
    }
    if (best !== null) { elements.get(best).focus({ preventScroll: true }); near(best); }
  }
  function near(i) {
    const p = place.get(i), r = area();
    const x = p.x * at.k + at.x, y = p.y * at.k + at.y;
    if (x < 0 || y < 0 || x + p.w * at.k > r.width || y + p.h * at.k > r.height) centre(i);
  }
  function centre(i) {
    const p = place.get(i), r = area(), k = Math.max(at.k, 0.8);
    at = { k, x: r.width / 2 - (p.x + p.w / 2) * k, y: r.height / 2 - (p.y + p.h / 2) * k };
    paint();
  }
  function spotOf(target) {
    const g = target.closest && target.closest(".spot");
    if (!g) return undefined;
    for (const [i, element] of elements) if (element === g) return i;
    return undefined;
  }

  /* ---- choosing and folding ---- */
  svg.addEventListener("click", (event) => {
    if (moved) return;
    const i = spotOf(event.target);
    if (i === undefined) { chosen = null; tell(null); mark(); return; }
    const p = place.get(i), r = area();
    const x = (event.clientX - r.left - at.x) / at.k, y = (event.clientY - r.top - at.y) / at.k;
    choose(i, children[i].length > 0 && x - p.x < 26 && y - p.y < 32);
  });
  svg.addEventListener("dblclick", (event) => {
    const i = spotOf(event.target);
    if (i !== undefined && children[i].length) fold(i);
  });
  function choose(i, toggles) {
    chosen = i;
    if (toggles && children[i].length) { fold(i); return; }
    tell(i); mark();
  }
  function fold(i) {
    if (folded.has(i)) folded.delete(i); else folded.add(i);
    const before = at, p = place.get(i);
    layout(() => {
      const q = place.get(i);
      if (q && p) at = { k: before.k, x: before.x + (p.x - q.x) * before.k, y: before.y + (p.y - q.y) * before.k };
      paint();
      if (chosen === i) tell(i);
      const element = elements.get(i);
      if (element && svg.contains(document.activeElement)) element.focus({ preventScroll: true });
    });
  }
  const all = (close) => {
    folded.clear();
    if (close) for (const i of boxes) folded.add(i);
    layout();
  };

  const element = (name, text, parent, className) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    parent.append(made);
    return made;
  };
  function tell(i) {
    told.replaceChildren();
    told.hidden = i === null;
    if (i === null) return;
    const it = spots[i];
    element("h3", nameOf(it), told);
    element("div", kindOf(it) + (it.x ? ", not in the snapshot" : ""), told, "who");
    const list = (title, texts, className) => {
      if (!texts.length) return;
      if (title) element("b", title, told);
      const ul = element("ul", "", told, className);
      for (const text of texts) element("li", text, ul);
    };
    list("", it.f || []);
    list("Not told", it.d || [], "doubts");
    list("Stands for", it.m || []);
    list("Lines", lines.filter((line) => shownAs(line.s) === i || shownAs(line.t) === i).slice(0, 40).map(sentence));
    const found = findingsAt(i);
    if (found.length) {
      element("b", `${found.length} ${found.length === 1 ? "finding" : "findings"}`, told);
      const ul = element("ul", "", told);
      for (const one of found.slice(0, 60)) {
        const li = element("li", "", ul, one.severity);
        const a = element("a", one.text, li);
        a.href = "#f-" + encodeURIComponent(one.mark);
      }
      if (found.length > 60) element("li", `and ${found.length - 60} more`, ul);
    }
    if (children[i].length) {
      const button = element("button", folded.has(i) ? "Open it" : "Close it", told, "small");
      button.type = "button";
      button.addEventListener("click", () => fold(i));
    }
    if (it.i) element("p", it.i, told, "id");
  }

  /* ---- lighting up ---- */
  function light(markOf) {
    lit = markOf;
    byId("unlight").hidden = !markOf;
    if (!markOf) { sought.textContent = ""; mark(); return; }
    const path = data.paths[markOf] || [], places = data.places[markOf] || [];
    const wanted = [...path, ...places];
    let changed = false;
    for (const i of wanted) {
      for (let up = spots[i].p; up !== undefined; up = spots[up].p) changed = folded.delete(up) || changed;
      if (keeper.has(i)) changed = folded.delete(keeper.get(i)) || changed;
    }
    const show = () => {
      mark();
      const seen = (path.length ? path : places).map(shownAs).map((i) => place.get(i)).filter(Boolean);
      if (seen.length) {
        const x = Math.min(...seen.map((p) => p.x)) - 60, y = Math.min(...seen.map((p) => p.y)) - 60;
        frame(x, y, Math.max(...seen.map((p) => p.x + p.w)) + 60 - x, Math.max(...seen.map((p) => p.y + p.h)) + 60 - y, 1.2);
      }
      const item = byId("f-" + markOf);
      const rule = item ? item.dataset.rule : "";
      sought.textContent = path.length ? `${rule}: ${path.map((i) => spots[i].n).join(" \u2192 ")}` : `${rule}: ${places.length} marked`;
    };
    return changed ? layout(show) : show();
  }
  function mark() {
    for (const old of svg.querySelectorAll(".route-layer")) old.remove();
    const path = lit ? data.paths[lit] || [] : [], places = lit ? data.places[lit] || [] : [];
    const on = new Set([...path, ...places].map(shownAs));
    const words = byId("seek").value.toLowerCase().split(/\s+/).filter(Boolean);
    svg.classList.toggle("lit-up", !!lit);
    for (const [i, g] of elements) {
      g.classList.toggle("lit", on.has(i));
      g.classList.toggle("chosen", i === chosen);
      g.classList.toggle("found", words.length > 0 && matches(i, words));
    }
    for (const route of routes) route.path.classList.toggle("near", chosen !== null && (route.s === chosen || route.t === chosen));
    if (!view || path.length < 2) return;
    const layer = make("g", { class: "route-layer" }, view);
    for (let n = 0; n + 1 < path.length; n += 1) {
      const a = shownAs(path[n]), b = shownAs(path[n + 1]);
      if (a === b || !place.get(a) || !place.get(b)) continue;
      const way = routes.find((route) => route.s === a && route.t === b);
      const back = routes.find((route) => route.s === b && route.t === a);
      const d = way ? rounded(way.points) : back ? rounded([...back.points].reverse()) : curve(place.get(a), place.get(b));
      make("path", { d, class: "route", "marker-end": "url(#way-tip)" }, layer);
    }
  }
  function curve(p, q) {
    const right = p.x + p.w <= q.x + q.w / 2;
    const x1 = right ? p.x + p.w : p.x, x2 = right ? q.x : q.x + q.w;
    const y1 = p.y + p.h / 2, y2 = q.y + q.h / 2, bend = Math.max(30, Math.abs(x2 - x1) / 2) * (right ? 1 : -1);
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }

  /* ---- finding by words ---- */
  const texts = spots.map((it) => [it.n, kindOf(it), ...(it.f || []), it.i || "", ...(it.m || [])].join(" ").toLowerCase());
  const fits = (i, words) => words.every((word) => texts[i].includes(word));
  const matches = (i, words) => (folded.has(i) ? below(i).some((one) => fits(one, words)) : fits(i, words));
  const seek = byId("seek");
  let hits = [];
  seek.addEventListener("input", () => {
    const words = seek.value.toLowerCase().split(/\s+/).filter(Boolean);
    hits = words.length ? spots.map((_, i) => i).filter((i) => fits(i, words)) : [];
    turn = -1;
    sought.textContent = words.length ? `${hits.length} found` : "";
    mark();
  });
  seek.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !hits.length) return;
    event.preventDefault();
    turn = (turn + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
    const i = hits[turn];
    let changed = false;
    for (let up = spots[i].p; up !== undefined; up = spots[up].p) changed = folded.delete(up) || changed;
    if (keeper.has(i)) changed = folded.delete(keeper.get(i)) || changed;
    const show = () => { chosen = i; centre(shownAs(i)); tell(i); mark(); sought.textContent = `${turn + 1} of ${hits.length}`; };
    if (changed) layout(show); else show();
  });

  /* ---- buttons ---- */
  function full() {
    const on = holder.classList.toggle("full");
    byId("full").setAttribute("aria-pressed", String(on));
    byId("full").textContent = on ? "Back to the page" : "Full window";
    fit();
  }
  byId("larger").addEventListener("click", () => zoom(1.3));
  byId("smaller").addEventListener("click", () => zoom(1 / 1.3));
  byId("fit").addEventListener("click", fit);
  byId("open-boxes").addEventListener("click", () => all(false));
  byId("close-boxes").addEventListener("click", () => all(true));
  byId("unlight").addEventListener("click", () => light(null));
  byId("full").addEventListener("click", full);
  for (const id of ["open-boxes", "close-boxes"]) byId(id).hidden = !boxes.length;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-show]");
    if (!button) return;
    byId("picture-section").scrollIntoView();
    light(button.dataset.show);
  });
  /* Paper has a size of its own, known only later: there the whole picture is a view box. */
  let onPaper = false;
  addEventListener("beforeprint", () => {
    if (!view) return;
    onPaper = true;
    svg.setAttribute("viewBox", `-12 -12 ${size.w + 24} ${size.h + 24}`);
    view.removeAttribute("transform");
  });
  addEventListener("afterprint", () => {
    onPaper = false;
    svg.removeAttribute("viewBox");
    paint();
  });
  let resizing = 0;
  addEventListener("resize", () => {
    if (onPaper) return;
    clearTimeout(resizing);
    resizing = setTimeout(fit, 120);
  });

  document.documentElement.classList.add("js");
  layout();
})();
