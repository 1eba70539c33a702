package e2e

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestDemoMail goes round once, as the demo says: a mail by curl to a phone, the phone's answer as a mail on the page, an answer there that is on the
// phone. Other pages send nothing by this one.
func TestDemoMail(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not installed")
	}
	d := startDemo(t, t.TempDir())
	line := d.out.wait(t, `(?s)(printf .*? smtp://\S+)\n`)[1]
	key := regexp.MustCompile(`API key +(\S+)`).FindStringSubmatch(d.out.String())[1]
	client := &rest{t: t, base: "http://" + d.http, key: key, client: &http.Client{}}
	eventually(t, "the link is up", func() bool {
		var l struct{ State string }
		client.fetch("/v1/links/smpp", &l)
		return l.State == "up"
	})
	if out, err := exec.Command("/bin/sh", "-c", line).CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", line, err, out)
	}
	shows := func(text string) {
		t.Helper()
		eventually(t, "the phone shows "+text, func() bool { return client.phone("46701234567").Text == text })
	}
	shows("Visit\nWhen do you come?")
	if code, body, _, err := client.do(http.MethodPost, "/phones/phones/46701234567/messages", "application/json", strings.NewReader(`{"text":"At ten"}`)); err != nil || code != http.StatusAccepted {
		t.Fatalf("a reply on the phone: %d %s %v", code, body, err)
	}
	token := ""
	eventually(t, "the answer is a mail on the page", func() bool {
		_, page := client.get("/mails/")
		found := regexp.MustCompile(`(?s)<dd>anna@example\.com</dd>.*At ten.*name="to" value="(sms\S+)"`).FindStringSubmatch(page)
		if found != nil {
			token = html.UnescapeString(found[1])
		}
		return found != nil
	})
	answer := url.Values{"from": {"anna@example.com"}, "to": {token}, "subject": {"Re: SMS"}, "text": {"Fine"}}
	if status, _ := client.form("cross-site", answer); status != http.StatusForbidden {
		t.Errorf("another page is answered %d", status)
	}
	if status, page := client.form("same-origin", answer); status != http.StatusOK {
		t.Fatalf("the answer: %d %s", status, page)
	}
	shows("Fine")
	answer.Set("to", "bo@elsewhere.example")
	if status, page := client.form("same-origin", answer); status != http.StatusUnprocessableEntity || !strings.Contains(page, "relaying denied") {
		t.Errorf("a mail to elsewhere: %d %s", status, page)
	}
}

// form sends what stands on the page of mails, from a site.
func (c *rest) form(site string, form url.Values) (int, string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.base+"/mails/", strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", site)
	resp, err := c.client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(page)
}
