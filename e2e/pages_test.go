package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kurir/web"
)

// witness is what runs in each page before anything of its own: it notes what a text in the page has run, what the policy has
// refused, and what went wrong.
const witness = `window.hits = []; window.hit = (n) => hits.push("ran " + n); window.alert = window.confirm = window.prompt = window.hit;
addEventListener("securitypolicyviolation", (e) => hits.push("refused " + e.violatedDirective + " " + e.blockedURI + " " + e.sample));
addEventListener("error", (e) => hits.push("error " + (e.message || e.target.src || e.target.href)), true);
addEventListener("unhandledrejection", (e) => hits.push("error " + e.reason));`

// looked is what a page is found to be.
type looked struct {
	Title, H1, Lang string
	Wide            float64  // pixels beyond the width of the window
	Hits            []string // of witness
	Made            []string // elements that texts have become
	Words           []string // all that is read, text by text, and by whom who cannot see
	Text            string   // all of it, and what is in fields
	Weight          float64  // octets that came over the network
	Axe             []string // serious and critical findings
}

const look = `(async () => {
  const words = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const own = (e) => !e.closest("script, style, [translate=no]") && e.closest("[lang]") === document.documentElement;
  for (let n; (n = walk.nextNode());) if (own(n.parentElement)) words.push(n.data);
  for (const e of document.querySelectorAll("*")) for (const a of ["aria-label", "title", "placeholder", "alt", "data-label"]) if (e.getAttribute(a) && own(e)) words.push(e.getAttribute(a));
  const made = [...document.querySelectorAll("img[src=x], [onerror], [onload], [onx], script:not([src]), svg[onload], [style]:not(.uplot *), a[href^='javascript:' i]")].map((e) => e.outerHTML.slice(0, 120));
  const weight = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].filter((e) => e.initiatorType !== "fetch").reduce((sum, e) => sum + e.transferSize, 0);
  const found = AXE ? (await axe.run(document, {resultTypes: ["violations"], runOnly: RULES})).violations : [];
  return JSON.stringify({
    title: document.title, h1: document.querySelector("h1")?.textContent.trim() ?? "", lang: document.documentElement.lang, wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    hits, made, words: words.map((w) => w.replace(/\s+/g, " ").trim()).filter(Boolean), text: document.body.textContent + [...document.querySelectorAll("input, textarea")].map((f) => f.value).join("\n"), weight,
    axe: found.filter((f) => LEVELS.includes(f.impact)).map((f) => f.impact + " " + f.id + ": " + f.help + " " + f.nodes.slice(0, 3).map((n) => n.target + " " + n.html.slice(0, 150) + " " + (n.any[0]?.message ?? "")).join(" | ")),
  });
})()`

// await gives what a promise of the page becomes.
func (b *browser) await(expression string) string {
	b.t.Helper()
	var got struct {
		Result           struct{ Value any }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &got)
	if got.ExceptionDetails != nil {
		b.t.Fatal(got.ExceptionDetails.Exception.Description)
	}
	text, _ := got.Result.Value.(string)
	return text
}

// acts sends a form that the page that is open might have, with a file if that has a name, and waits for what is answered.
func (b *browser) acts(path string, fields []string, file [2]string) {
	b.t.Helper()
	text, _ := json.Marshal(map[string]any{"path": path, "fields": fields, "file": file})
	script := `(({path, fields, file}) => {
		const form = document.createElement("form"), add = (tag, of) => form.append(Object.assign(document.createElement(tag), of));
		Object.assign(form, {method: "post", action: path});
		for (let i = 0; i < (fields ?? []).length; i += 2) add("textarea", {name: fields[i], value: fields[i + 1]});
		if (file[0]) {
			const files = new DataTransfer();
			files.items.add(new File([file[1]], file[0]));
			form.enctype = "multipart/form-data";
			add("input", {type: "file", name: "sheet", files: files.files});
			form.lastChild.files = files.files;
		}
		document.body.append(form);
		form.submit();
	})(` + string(text) + `); ""`
	b.leaves(path+" is answered", func() { b.eval(script) })
}

// as makes the window so wide, and the scheme of the device light or dark.
func (b *browser) as(width int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// inLanguage finds what is said in one language and never in the other.
func inLanguage(one, other map[string]string) []*regexp.Regexp {
	var list []*regexp.Regexp
	both := map[string]bool{}
	for _, text := range other {
		both[text] = true
	}
	verb := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	for _, text := range one {
		if plain := verb.ReplaceAllString(text, ""); both[text] || len(plain) < 3 || plain != text && len(plain) < 12 {
			continue
		}
		list = append(list, regexp.MustCompile(`^`+verb.ReplaceAllString(regexp.QuoteMeta(text), `.+`)+`$`))
	}
	return list
}

// wayToLook is in which language, in which scheme and how wide pages are looked at.
type wayToLook struct {
	lang, scheme string
	width        int
	foreign      []*regexp.Regexp // what may not be said
	rules        string           // of axe-core
}

// TestPages opens every page of the program with hostile words in all that is shown there, on a phone in Swedish and on a wide dark
// screen in English: nothing of that runs, all of it is read as it was written, and the page keeps to its width, its weight, its
// language, and the rules of axe-core.
func TestPages(t *testing.T) {
	t.Parallel()
	lookPath(t, "chromium", "Chromium")
	source, err := os.ReadFile("peers/node_modules/axe-core/axe.min.js")
	if err != nil {
		missing(t, "the npm package axe-core is not installed")
	}
	h := startHostileSite(t)
	h.axe = string(source)
	pages := everyPage()
	for _, pattern := range web.Pages() {
		if !slices.ContainsFunc(pages, func(p shownPage) bool { return p.pattern == pattern }) {
			t.Errorf("%s is a page that everyPage does not have", pattern)
		}
	}
	b := openBrowser(t, "http://"+h.http+"/signin", 1440, 900)
	b.call("Page.enable", nil, nil)
	b.call("Network.enable", nil, nil)
	b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": witness}, nil)
	b.call("Network.setCacheDisabled", map[string]any{"cacheDisabled": true}, nil)
	english, swedish := web.Words()
	var signedOut, signedIn []shownPage
	for _, p := range pages {
		switch open := slices.ContainsFunc([]string{"/signin", "/setup", "/forgot", "/password"}, func(path string) bool { return strings.HasPrefix(p.at, path) }); {
		case p.at != "" && open:
			signedOut = append(signedOut, p)
		case p.at != "":
			signedIn = append(signedIn, p)
		}
	}
	for _, part := range [][]shownPage{signedOut, signedIn} {
		for _, way := range []wayToLook{
			{"sv", "light", 390, inLanguage(english, swedish), `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`},
			{"en", "dark", 1440, inLanguage(swedish, english), `{type: "rule", values: ["color-contrast", "scrollable-region-focusable", "target-size"]}`}, // what differs
		} {
			b.as(way.width, way.scheme)
			b.call("Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]any{"Accept-Language": way.lang}}, nil)
			for i := range part {
				h.judge(b, &part[i], &way)
			}
		}
		if len(part) == len(signedOut) {
			b.open("http://" + h.http + "/signin")
			b.eval(in("name", "root"))
			b.eval(in("password", secretMark+"-root-password"))
			b.eval(click("button.main"))
			b.shows(`location.pathname`, "/compose")
			h.own(b)
		}
	}
}

// judge opens a page and tells what is wrong with it.
func (h *hostileSite) judge(b *browser, p *shownPage, way *wayToLook) {
	h.t.Helper()
	lang, foreign := way.lang, way.foreign
	at := regexp.MustCompile(`\{[a-z ]+\}`).ReplaceAllStringFunc(p.at, func(name string) string { return h.ids[strings.Trim(name, "{}")] })
	if p.fields == nil && !strings.HasPrefix(p.pattern, "POST ") {
		b.open("http://" + h.http + at)
	} else {
		b.acts(at, p.fields, p.file)
	}
	var got looked
	axe := "false"
	if !p.alike {
		b.eval(h.axe + `; ""`)
		axe = "true"
	}
	levels := `["serious", "critical"]`
	if os.Getenv("KURIR_AXE") != "" {
		levels = `["serious", "critical", "moderate", "minor"]`
	}
	if err := json.Unmarshal([]byte(b.await(strings.NewReplacer("AXE", axe, "LEVELS", levels, "RULES", way.rules).Replace(look))), &got); err != nil {
		h.t.Fatal(err)
	}
	if dir := os.Getenv("KURIR_PICTURES"); dir != "" {
		b.picture(filepath.Join(dir, regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(p.at, "_")+"-"+lang+".png"), true)
	}
	wrong := func(format string, args ...any) {
		h.t.Helper()
		h.t.Errorf("%s (%s): %s", p.at, lang, fmt.Sprintf(format, args...))
	}
	for _, hit := range append(got.Hits, got.Made...) {
		wrong("%s", hit)
	}
	for _, finding := range got.Axe {
		wrong("%s", finding)
	}
	for _, mark := range p.marks {
		if !strings.Contains(got.Text, mark) {
			wrong("does not show %s", mark)
		}
	}
	if got.Title == "" || got.H1 == "" || got.Lang != lang {
		wrong("title %q, heading %q, language %q", got.Title, got.H1, got.Lang)
	}
	if got.Wide > 0 {
		wrong("%v pixels wider than the window", got.Wide)
	}
	if got.Weight > 200_000 || got.Weight == 0 {
		wrong("weighs %v octets", got.Weight)
	}
	for _, word := range got.Words {
		if !h.said[word] && slices.ContainsFunc(foreign, func(r *regexp.Regexp) bool { return r.MatchString(word) }) {
			h.said[word] = true
			wrong("says %q", word)
		}
	}
}
