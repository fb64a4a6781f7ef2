/// What every report looks like, and the script of its players.
extension HTMLReport {
  static let style = """
    :root { color-scheme: light dark; --ink: #1a1c22; --quiet: #5a5f6b; --line: #dcdfe5; --ground: #ffffff;
    --raised: #f4f5f8; --accent: #2350c0; --shown: #0a6638; --contradicted: #a61b1b; --undecided: #6b5200; }
    @media (prefers-color-scheme: dark) {
    :root { --ink: #e7e8ec; --quiet: #a5abb8; --line: #363a44; --ground: #15161a; --raised: #1f2127; --accent: #8fb1ff;
    --shown: #74d5a2; --contradicted: #ff9a92; --undecided: #e3c566; }
    }
    * { box-sizing: border-box; }
    html { scroll-padding-top: 4rem; }
    body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: break-word;
    font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
    main { max-width: 80rem; margin: 0 auto; padding: 1.25rem 1rem 4rem; }
    h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 0.5rem; letter-spacing: -0.01em; }
    h2 { font-size: 1.2rem; line-height: 1.3; margin: 2rem 0 0.6rem; }
    p { max-width: 52rem; margin: 0.5rem 0; }
    a { color: var(--accent); }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
    .bar { display: flex; flex-wrap: wrap; gap: 0.3rem 1.5rem; align-items: center; justify-content: space-between;
    padding: 0.4rem 0; margin: 0.6rem 0 0; border-bottom: 1px solid var(--line); background: var(--ground);
    z-index: 2; }
    .bar + h2 { margin-top: 1rem; }
    nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; list-style: none; margin: 0; padding: 0; }
    nav a { text-decoration: none; font-size: 0.94rem; }
    nav a:hover { text-decoration: underline; }
    fieldset { display: inline-flex; flex-wrap: wrap; align-items: center; gap: 0 0.8rem; border: 0; margin: 0;
    padding: 0; font-size: 0.94rem; }
    legend { float: left; color: var(--quiet); padding: 0; }
    label { display: inline-flex; align-items: center; gap: 0.35rem; padding: 0.2rem 0; cursor: pointer; }
    input { accent-color: var(--accent); margin: 0; }
    .verdicts { list-style: none; margin: 0; padding: 0; }
    .verdicts li { display: grid; grid-template-columns: 7.5rem 1fr; gap: 0.2rem 0.75rem; align-items: baseline;
    padding: 0.25rem 0; max-width: 74rem; }
    .verdicts b { font-weight: 600; }
    .verdict { font-size: 0.84rem; font-weight: 650; text-align: center; padding: 0.05rem 0.4rem; border-radius: 1rem;
    border: 1px solid currentColor; background: color-mix(in srgb, currentColor 9%, transparent); }
    .verdict.shown { color: var(--shown); }
    .verdict.contradicted { color: var(--contradicted); }
    .verdict.undecided { color: var(--undecided); border-style: dashed; }
    .panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
    gap: 0.75rem 2rem; }
    .panels table { width: 100%; }
    .panels th, .panels td { vertical-align: middle; padding: 0.16rem 0.4rem 0.16rem 0; white-space: nowrap; }
    .panels svg, .charts svg, .key svg { display: block; }
    .panels td:nth-child(3) { width: 100%; padding-left: 0.5rem; }
    .panels td svg { width: 100%; min-width: 4.5rem; height: auto; }
    .panels .group th, .panels .group td { border-top: 2px solid var(--line); }
    .panels tfoot td, .panels tfoot th { border: 0; }
    .panels .paper-value { color: var(--quiet); padding-right: 0; }
    .key { display: flex; flex-wrap: wrap; align-items: center; gap: 0.2rem 1.2rem; color: var(--quiet);
    font-size: 0.9rem; margin: 0 0 0.6rem; max-width: none; }
    .key span { display: inline-flex; align-items: center; gap: 0.4rem; }
    .ours { fill: var(--accent); stroke: var(--accent); }
    .paper { fill: var(--ground); stroke: var(--ink); }
    .rail { stroke: var(--line); }
    .axis { fill: var(--quiet); }
    .wide { overflow-x: auto; margin: 0.75rem 0; }
    table { border-collapse: collapse; font-size: 0.92rem; }
    caption { text-align: left; color: var(--quiet); padding-bottom: 0.3rem; }
    th, td { text-align: left; padding: 0.3rem 1.2rem 0.3rem 0; border-bottom: 1px solid var(--line);
    vertical-align: top; }
    th { font-weight: 500; }
    thead th { color: var(--quiet); vertical-align: bottom; }
    tbody th { white-space: nowrap; }
    .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    figure { margin: 0.75rem 0; }
    figure img { display: block; width: 100%; min-width: 46rem; height: auto; background: #ffffff; border-radius: 6px; }
    figcaption { color: var(--quiet); font-size: 0.92rem; margin-top: 0.4rem; max-width: 46rem; }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(34rem, 100%), 1fr)); gap: 0 2rem; }
    .charts figure { max-width: 46rem; min-width: 0; }
    .charts .wide { margin: 0.3rem 0; }
    .charts .wide svg { width: 100%; height: auto; }
    .legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; font-size: 0.92rem; }
    .legend input:not(:checked) ~ * { opacity: 0.45; }
    .together { font-size: 0.92rem; color: var(--quiet); }
    .listening { width: 100%; table-layout: fixed; }
    .listening th[scope="rowgroup"] { white-space: normal; border: 0; padding: 0.6rem 0 0.2rem; }
    .listening td, .listening thead th { padding: 0 0.5rem 0.3rem 0; border: 0; }
    .listening .name { display: none; color: var(--quiet); font-size: 0.88rem; }
    .screen { position: relative; border-radius: 6px; overflow: hidden; background: #000000; }
    .screen img { display: block; width: 100%; aspect-ratio: 3 / 2; }
    .line { position: absolute; top: 0; bottom: 0; left: 0; width: 2px; margin-left: -1px; background: #ffffff;
    box-shadow: 0 0 3px #000000; visibility: hidden; }
    .started .line { visibility: visible; }
    .player button { display: none; position: absolute; inset: 0; width: 100%; height: 100%; padding: 0; border: 0;
    background: none; cursor: pointer; }
    .player button:focus-visible { outline-offset: -4px; outline-color: #ffffff; box-shadow: inset 0 0 0 6px #2350c0; }
    .player button::before { content: ""; position: absolute; left: 0.4rem; bottom: 0.4rem; width: 1.9rem;
    height: 1.9rem; border-radius: 50%; background: rgb(0 0 0 / 0.72); border: 1px solid rgb(255 255 255 / 0.55); }
    .player button::after { content: ""; position: absolute; left: 1.13rem; bottom: 0.95rem; border: solid transparent;
    border-width: 0.4rem 0 0.4rem 0.62rem; border-left-color: #ffffff; }
    .player button[aria-pressed="true"]::after { width: 0.62rem; height: 0.7rem; left: 1.07rem; bottom: 1rem;
    border: solid #ffffff; border-width: 0 0.2rem; }
    .player button:hover::before { background-color: #2350c0; }
    .player audio { width: 100%; height: 2rem; margin-top: 0.2rem; }
    .scripted .player button { display: block; }
    .scripted .player audio { display: none; }
    details { border-top: 1px solid var(--line); padding: 0.35rem 0; }
    details:last-of-type { border-bottom: 1px solid var(--line); }
    summary { cursor: pointer; padding: 0.2rem 0; font-weight: 500; }
    @media (min-width: 64rem) { .bar { position: sticky; top: 0; } }
    @media (max-width: 55rem) {
    .listening, .listening caption, .listening tbody, .listening tr, .listening td, .listening th { display: block; }
    .listening thead { display: none; }
    .listening tr:has(td) { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));
    gap: 0.4rem 0.6rem; }
    .listening td { padding: 0; }
    .listening td:empty { display: none; }
    .listening .name { display: block; }
    }
    @media (max-width: 30rem) {
    .verdicts li { display: block; padding: 0.35rem 0; }
    .panels table { font-size: 0.86rem; }
    .charts .wide svg { font-size: 17px; }
    }
    """

  /// One sound at a time; a line moves over the spectrogram of the one that plays. Arrows move within a sound. A sound
  /// stopped before it begins is no error.
  static let script = """
    "use strict";
    document.documentElement.classList.add("scripted");
    let current = null;
    const keeps = document.querySelector(".keeps-place");
    for (const player of document.querySelectorAll(".player")) {
      const [button, audio, line] = ["button", "audio", ".line"].map((name) => player.querySelector(name));
      const draw = () => {
        player.classList.toggle("started", !audio.paused || (audio.currentTime > 0 && !audio.ended));
        line.style.left = 100 * audio.currentTime / (audio.duration || 1) + "%";
        if (!audio.paused) requestAnimationFrame(draw);
      };
      audio.addEventListener("play", () => {
        if (current && current !== audio) current.pause();
        current = audio;
        button.setAttribute("aria-pressed", "true");
        draw();
      });
      audio.addEventListener("pause", () => {
        button.setAttribute("aria-pressed", "false");
        draw();
      });
      audio.addEventListener("seeked", draw);
      button.addEventListener("click", () => {
        if (!audio.paused) return audio.pause();
        const isSameClip = current && current.closest("tbody").dataset.clip === player.closest("tbody").dataset.clip;
        if (current !== audio) {
          audio.currentTime = isSameClip && !current.paused && keeps.checked ? current.currentTime : 0;
        }
        audio.play().catch(() => {});
      });
      button.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -0.25, ArrowRight: 0.25 }[event.key];
        if (!step) return;
        event.preventDefault();
        audio.currentTime = Math.max(0, Math.min(audio.duration || 0, audio.currentTime + step));
      });
    }
    """
}
