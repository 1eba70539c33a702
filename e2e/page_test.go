package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestPhonesPage opens the page of the demo in a browser: the text that was sent stands on its phone.
func TestPhonesPage(t *testing.T) {
	t.Parallel()
	chromium := lookPath(t, "chromium", "Chromium")
	d := startDemo(t, t.TempDir())
	d.out.wait(t, `/v1/messages\n`)
	key := regexp.MustCompile(`API key +(\S+)`).FindStringSubmatch(d.out.String())[1]
	client := &rest{t: t, base: "http://" + d.http, key: key, client: &http.Client{}}
	const text = "Your parcel 4711 is here"
	id := client.send("+46701234567", text)
	client.becomes(id, "delivered")
	page := ""
	loading := 3 * time.Second // for the page to ask for its phones; a busy machine needs more, so each try gets twice as much
	within(t, 3*time.Minute, "the browser shows the text on the phone", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		wait := fmt.Sprintf("--timeout=%d", loading.Milliseconds())
		loading = min(2*loading, 24*time.Second)
		cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
			"--user-data-dir="+t.TempDir(), wait, "--dump-dom", "http://"+d.http+"/phones/")
		out, err := cmd.Output()
		if err != nil {
			t.Logf("chromium: %v", err)
		}
		page = string(out)
		return strings.Contains(page, text)
	})
	if !strings.Contains(page, "46701234567") {
		t.Error("the phone on the page has no number")
	}
}
