package e2e

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// totp is the code of RFC 6238 that a device shows, so many half minutes from now.
func totp(t testing.TB, secret string, later int64) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, time.Now().Unix()/30+later)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// TestWebPeople makes the first user by the link of an earlier start, sets up a second factor and signs in with a code, invites
// somebody, who takes the link, and ends that session, all in the console; no session ends with a restart.
func TestWebPeople(t *testing.T) {
	t.Parallel()
	lookPath(t, "chromium", "Chromium")
	s := startServer(t, startSimulator(t, simulator.Options{}), serverOptions{})
	const (
		title = `document.querySelector("h1")?.textContent`
		wide  = `String(document.documentElement.scrollWidth)`
	)
	setup := s.proc.out.wait(t, `"?link"?[=:]"?(http://[^\s"]+/setup\?token=\w+)`)[1]
	s.restart()
	b := openBrowser(t, setup, 1440, 900)
	b.shows(title, "Make the first user")
	for id, text := range map[string]string{"name": "admin", "password": "correct-horse", "again": "correct-horse"} {
		b.eval(in(id, text))
	}
	b.eval(click("button.main"))
	b.shows(title, "New message")

	open := func(path, want string) {
		t.Helper()
		b.open("http://" + s.http + path)
		b.shows(title, want)
	}
	open(strings.TrimPrefix(setup, "http://"+s.http), "That did not work") // it was good once
	open("/second", "Second factor")
	secret := b.eval(`document.querySelector("[name=secret]")?.value`)
	b.eval(in("code", totp(t, secret, 0)))
	b.eval(click("button.main"))
	b.shows(`String(document.querySelectorAll(".codes li").length)`, "10")
	b.eval(click(".who button"))
	b.shows(title, "Sign in")
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 780, "deviceScaleFactor": 1, "mobile": true}, nil)
	b.eval(in("name", "admin"))
	b.eval(in("password", "correct-horse"))
	b.eval(click("button.main"))
	b.shows(title, "Code")
	b.shows(wide, "390")
	b.eval(in("code", totp(t, secret, 1)))
	b.eval(click("button.main"))
	b.shows(title, "New message")

	open("/console/new-user", "Invite somebody")
	b.shows(wide, "390")
	b.eval(in("name", "eva"))
	b.eval(click("button.main"))
	b.shows(title, "eva")
	b.shows(wide, "390")
	link := b.eval(`document.querySelector("code.link")?.textContent`)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	eva := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, address string, form url.Values) (status int, to string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := eva.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("Location")
	}
	page, token, _ := strings.Cut(link, "?token=")
	chosen := url.Values{"token": {token}, "password": {"another-horse"}, "again": {"another-horse"}}
	if status, to := ask("POST", page, chosen); status != http.StatusSeeOther || to != "/compose" {
		t.Fatalf("the link %s: %d %s", link, status, to)
	}
	if status, _ := ask("POST", page, chosen); status != http.StatusNotFound {
		t.Errorf("the link once more: %d", status)
	}
	s.restart()
	if status, to := ask("GET", "http://"+s.http+"/sent", nil); status != http.StatusOK {
		t.Errorf("after a restart: %d %s", status, to)
	}
	// Two who change her at once: the second is told, and puts his in place of the other's by saving once more.
	open("/console/users/eva", "eva")
	b.eval(`window.other = "no"; fetch(location.href, {method: "POST", body: new URLSearchParams({account: "acme", role: "sender", language: "sv"})}).then(a => { window.other = a.ok ? "saved" : "refused" }), 0`)
	b.shows(`window.other`, "saved")
	b.eval(`document.getElementById("until").value = "2036-12-31T12:00", 0`)
	b.eval(click("form.card button.main"))
	b.shows(`document.querySelector("table.diff tbody")?.textContent.includes("sv") ? "told" : "no"`, "told")
	b.shows(`document.getElementById("until").value`, "2036-12-31T12:00")
	b.eval(click("form.card button.main"))
	b.shows(`document.querySelector("p.note[role=status]")?.textContent`, "The user is changed.")
	b.shows(`document.getElementById("until").value`, "2036-12-31T12:00")
	open("/console/users/eva", "eva")
	b.shows(`String(document.querySelectorAll("[action$='/end'] [name=id]").length)`, "1")
	b.eval(click("[action$='/end'] button"))
	b.shows(`document.querySelector("p.note[role=status]")?.textContent`, "It has ended.")
	if status, to := ask("GET", "http://"+s.http+"/sent", nil); status != http.StatusSeeOther || !strings.HasPrefix(to, "/signin") {
		t.Errorf("the session that was ended: %d %s", status, to)
	}
}
