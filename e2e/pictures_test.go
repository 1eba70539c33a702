package e2e

import (
	"encoding/base64"
	"flag"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var pictures = flag.Bool("pictures", false, "take the pictures of the web pages in docs/screenshots again")

// docsPicture is one that the documentation shows.
type docsPicture struct {
	name, scheme  string
	width, height int
	lang          string
	at            string
	ready         string // what is true when the page shows what it is to show
	first         string // is done before
}

// docsPictures are all of them.
func docsPictures() []docsPicture {
	const (
		settled = `String(document.readyState === "complete")`
		written = `(() => { const t = document.getElementById("text"); t.value = "Your appointment is on Thursday at 10:15, ward 4. Answer N if you cannot come. Welcome!"; t.dispatchEvent(new Event("input", {bubbles: true})); return "" })()`
		shown   = `String(document.querySelector("#phone .bubble")?.textContent.startsWith("Your appointment") ?? false)`
	)
	return []docsPicture{
		{"compose", "light", 1280, 940, "en", "/compose?to=contact%3AAnna+Berg%2Cgroup%3ANight+shift", shown, written},
		{"console", "dark", 1280, 880, "en", "/console", `String(document.querySelectorAll("#c-links tbody tr").length === 4 && document.querySelectorAll("canvas").length === 1)`, ""},
		{"message", "light", 1280, 700, "en", "{message}", `String(document.querySelectorAll(".story li.good").length > 0)`, ""},
		{"reports", "dark", 1280, 900, "en", "/reports/traffic?since={month}", settled, ""},
		{"conversation-phone", "dark", 390, 780, "en", "{conversation}", `String(document.querySelectorAll(".bubbles .in").length > 0)`, ""},
		{"compose-phone", "light", 390, 780, "sv", "/compose?to=contact%3AAnna+Berg", shown, written},
		{"duty-phone", "light", 390, 780, "sv", "/duty", `String(document.querySelectorAll(".board .now").length > 0)`, ""},
	}
}

// TestPictures looks whether the pictures of the documentation are there, small, and as wide as they say; with -pictures it takes
// them again, of a demo with an hour's traffic of a small hospital.
func TestPictures(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "docs", "screenshots")
	if *pictures {
		takePictures(t, dir)
	}
	for _, p := range docsPictures() {
		path := filepath.Join(dir, p.name+".png")
		file, err := os.Open(path)
		if err != nil {
			t.Error(err)
			continue
		}
		shape, err := png.DecodeConfig(file)
		about, _ := file.Stat()
		file.Close()
		if err != nil || shape.Width != p.width || about.Size() > 120_000 {
			t.Errorf("%s is %d wide, and has %d octets: %v", path, shape.Width, about.Size(), err)
		}
	}
}

func takePictures(t *testing.T, dir string) {
	t.Helper()
	d := &demo{http: freeAddr(t), smpp: freeAddr(t), smtp: freeAddr(t), dir: t.TempDir()}
	d.process = start(t, foreign, d.dir, plainBinary(t), "demo", "--http", d.http, "--smpp", d.smpp, "--smtp", d.smtp, "--data", filepath.Join(d.dir, "kurir-demo"))
	b := d.signIn(1280, 800)
	b.shows(`location.pathname`, "/compose")
	client := &rest{t: t, base: "http://" + d.http, key: regexp.MustCompile(`API key +(\S+)`).FindStringSubmatch(d.out.String())[1], client: &http.Client{}}
	var list struct{ Messages []viewed }
	within(t, 2*time.Minute, "the demo has written its first messages, and phones have answered", func() bool {
		client.fetch("/v1/messages?state=delivered&limit=200", &list)
		var inbound struct{ Inbound []viewed }
		client.fetch("/v1/inbound?limit=200", &inbound)
		return len(list.Messages) > 40 && len(inbound.Inbound) > 8
	})
	rotas := []string{
		`{"name": "Ward 4", "account": "demo", "zone": "Europe/Stockholm", "country": "SE", "layers": [{"name": "day", "start": "2026-01-05", "when": ["07:00-19:00"], "slots": [{"who": ["contact:Anna Berg"]}, {"who": ["contact:Bo Lind"]}]}, {"name": "night", "start": "2026-01-05", "when": ["19:00-07:00"], "slots": [{"who": ["contact:Cecilia Ek"]}, {"who": ["contact:David Holm"]}]}], "escalation": {"wait": "5m", "then": [{"who": ["contact:Eva Nyström"]}]}}`,
		`{"name": "IT", "account": "demo", "zone": "Europe/Stockholm", "country": "SE", "layers": [{"name": "week", "start": "2026-01-05", "slots": [{"who": ["contact:Farid Aziz"]}, {"who": ["contact:Eva Nyström"]}]}]}`,
	}
	for _, body := range rotas {
		if status, text, _, err := client.do(http.MethodPost, "/v1/config/rotas", "application/json", strings.NewReader(body)); err != nil || status != http.StatusCreated {
			t.Fatalf("%d %s %v", status, text, err)
		}
	}
	client.send("rota:Ward 4", "Bed 7 calls")
	var alarms struct{ Events []struct{ ID, State string } }
	client.fetch("/v1/alarms/events", &alarms) // those of the machine, such as a full disk
	for _, e := range alarms.Events {
		if status, text, _, err := client.do(http.MethodPost, "/v1/alarms/events/"+e.ID+"/acknowledge", "", nil); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s %v", status, text, err)
		}
	}
	long := slices.IndexFunc(list.Messages, func(m viewed) bool { return m.Link == "smpp" })
	places := strings.NewReplacer("{message}", "/console/messages/"+list.Messages[max(long, 0)].ID, "{conversation}", "/conversations/"+client.inboundFrom(), "{month}", time.Now().AddDate(0, 0, -7).Format(time.DateOnly))
	b.call("Network.enable", nil, nil)
	for _, p := range docsPictures() {
		b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": p.width, "height": p.height, "deviceScaleFactor": 1, "mobile": p.width < 600}, nil)
		b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{{"name": "prefers-color-scheme", "value": p.scheme}}}, nil)
		b.call("Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]any{"Accept-Language": p.lang}}, nil)
		b.open("http://" + d.http + places.Replace(p.at))
		if p.first != "" {
			b.eval(p.first)
		}
		b.shows(p.ready, "true")
		b.picture(filepath.Join(dir, p.name+".png"), false)
	}
}

// inboundFrom is the phone that wrote most.
func (c *rest) inboundFrom() string {
	c.t.Helper()
	var list struct{ Inbound []viewed }
	c.fetch("/v1/inbound?limit=200", &list)
	count, most := map[string]int{}, ""
	for _, m := range list.Inbound {
		if count[m.From]++; count[m.From] > count[most] {
			most = m.From
		}
	}
	return most
}

// picture keeps what the browser shows of the page as a PNG: what is in the window, or the whole page.
func (b *browser) picture(path string, whole bool) {
	b.t.Helper()
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": whole}, &shot)
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(path, picture, 0o644)
	}
	if err != nil {
		b.t.Fatal(fmt.Errorf("keep a picture: %w", err))
	}
}
