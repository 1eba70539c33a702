package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// demo is one `kurir demo`.
type demo struct {
	*process
	http, smpp, smtp, dir string
}

// startDemo starts one with the race detector.
func startDemo(t testing.TB, dir string) *demo {
	t.Helper()
	return startDemoOf(t, dir, raceBinary(t))
}

// startDemoOf starts one of a program: what is looked at in a browser for long takes the one that is shipped.
func startDemoOf(t testing.TB, dir, binary string) *demo {
	t.Helper()
	d := &demo{http: freeAddr(t), smpp: freeAddr(t), smtp: freeAddr(t), dir: dir}
	// It prints key and password for the newcomer, so its output is not searched for them.
	d.process = start(t, foreign, dir, binary, "demo", "--quiet", "--http", d.http, "--smpp", d.smpp, "--smtp", d.smtp, "--data", filepath.Join(dir, "kurir-demo"))
	return d
}

// calmDemo starts one that raises no alarm of the disk, which is this machine's and may be nearly full. Its file is there since a first
// start.
func calmDemo(t testing.TB) *demo {
	t.Helper()
	dir := t.TempDir()
	first := startDemoOf(t, dir, plainBinary(t))
	first.out.wait(t, `/v1/messages\n`)
	first.stop()
	file, err := os.OpenFile(filepath.Join(dir, "kurir-demo", "kurir.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString("\nalarms: {off: [disk]}\n")
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	return startDemo(t, dir)
}

// curl takes the command line out of what the demo prints and runs it as printed.
func (d *demo) curl() []byte {
	d.t.Helper()
	line := d.out.wait(d.t, `(?s)(curl .*?/v1/messages)\n`)[1]
	out, err := exec.Command("/bin/sh", "-c", line).Output()
	if err != nil {
		d.t.Fatalf("%s\n%v\n%s", line, err, out)
	}
	return out
}

// fourLinks sends by each link of the demo, and by the modem while the one over SMPP is stopped.
func (d *demo) fourLinks(client *rest) {
	d.t.Helper()
	up := func(name string) func() bool {
		return func() bool {
			var l struct{ State string }
			client.fetch("/v1/links/"+name, &l)
			return l.State == "up"
		}
	}
	for _, name := range []string{"smpp", "ucp", "cimd2", "modem"} {
		eventually(d.t, "the link "+name+" is up", up(name))
	}
	sent := map[string]int{}
	arrives := func(to, over string) {
		d.t.Helper()
		sent[to]++
		text := fmt.Sprintf("text %d by %s åäö", sent[to], over)
		client.becomes(client.send("+"+to, text), "delivered")
		if last := client.phone(to); last.Text != text || last.Over != over {
			d.t.Errorf("the phone %s shows %+v, want %q over %s", to, last, text, over)
		}
	}
	for to, over := range map[string]string{"46701000001": "SMPP", "46707654321": "UCP", "46731112233": "CIMD2", "46761234567": "GSM modem"} {
		arrives(to, over)
		client.replies(to, "back over "+over)
	}
	if code, body, _, err := client.do(http.MethodPost, "/v1/links/smpp/stop", "", nil); err != nil || code != http.StatusOK {
		d.t.Fatalf("stop the link: %d %s %v", code, body, err)
	}
	arrives("46701000001", "GSM modem")
	if code, body, _, err := client.do(http.MethodPost, "/v1/links/smpp/start", "", nil); err != nil || code != http.StatusOK {
		d.t.Fatalf("start the link: %d %s %v", code, body, err)
	}
	eventually(d.t, "a text goes by smpp again", func() bool { // the link is preferred when it has been up for some time
		client.becomes(client.send("+46701000001", "again"), "delivered")
		return client.phone("46701000001").Over == "SMPP"
	})
}

// replies writes on a phone of the demo to who wrote to it last, and waits until that has come in.
func (c *rest) replies(number, text string) {
	c.t.Helper()
	code, body, _, err := c.do(http.MethodPost, "/phones/phones/"+number+"/messages", "application/json", strings.NewReader(fmt.Sprintf(`{"text":%q}`, text)))
	if err != nil || code != http.StatusAccepted {
		c.t.Fatalf("a reply on the phone: %d %s %v", code, body, err)
	}
	eventually(c.t, text+" is in the inbox", func() bool {
		var inbox struct {
			Inbound []viewed `json:"inbound"`
		}
		c.fetch("/v1/inbound", &inbox)
		return slices.ContainsFunc(inbox.Inbound, func(v viewed) bool { return v.Text == text && v.From == "+"+number })
	})
}

// phoneText is a text on a virtual phone.
type phoneText struct{ Text, Over string }

// phone is the last text on a phone of the demo.
func (c *rest) phone(number string) (last phoneText) {
	c.t.Helper()
	var phone struct{ Texts []phoneText }
	c.fetch("/phones/phones/"+number, &phone)
	if len(phone.Texts) > 0 {
		last = phone.Texts[len(phone.Texts)-1]
	}
	return last
}

// TestDemoOldFile goes on with the file of a demo that had one link only, of another name.
func TestDemoOldFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "kurir-demo"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "kurir-demo", "kurir.yaml"), `data: "./kurir-demo"
http: {listen: 127.0.0.1:8080}
smpp: {listen: 127.0.0.1:2775}
country: "46"
connectors:
  - {name: simulator, kind: smpp, hosts: [127.0.0.1:2776], system_id: kurir, password: simulate, sessions: 2, window: 100}
accounts:
  - {name: demo, password: old-secret, api_keys: [demo-old-key-of-many-letters], admin: true, senders: ["*"], sender: Kurir, numbers: ["+46737494949"]}
routes:
  - {to: "*", via: [simulator]}
`)
	d := startDemo(t, dir)
	d.out.wait(t, `/v1/inbound\n`)
	client := &rest{t: t, base: "http://" + d.http, key: "demo-old-key-of-many-letters", client: &http.Client{}}
	client.becomes(client.send("+46707654321", "Hello"), "delivered")
	if got := client.phone("46707654321"); got.Over != "SMPP" {
		t.Errorf("the phone shows %+v", got)
	}
	if out := d.out.String(); strings.Contains(out, "modem") {
		t.Errorf("it speaks of links that it has not:\n%s", out)
	}
	var modems []struct{}
	if client.fetch("/phones/modems", &modems); len(modems) != 0 {
		t.Errorf("%d modems", len(modems))
	}
}

// portsTaken starts others on the same ports: that is said plainly, with the flag that helps.
func (d *demo) portsTaken() {
	d.t.Helper()
	other := d.t.TempDir()
	text, exit := run(d.t, foreign, other, raceBinary(d.t), "demo", "--quiet", "--http", d.http, "--smpp", freeAddr(d.t), "--smtp", freeAddr(d.t), "--data", filepath.Join(other, "demo"))
	if exit == 0 || !strings.Contains(text, fmt.Sprintf("%s is in use by another program", d.http)) || !strings.Contains(text, "--http") {
		d.t.Errorf("port taken: exit code %d\n%s", exit, text)
	}
	text, exit = run(d.t, foreign, other, raceBinary(d.t), "demo", "--http", freeAddr(d.t), "--smpp", d.smpp, "--smtp", freeAddr(d.t), "--data", filepath.Join(other, "demo"))
	if exit == 0 || !strings.Contains(text, d.smpp+" is in use") || !strings.Contains(text, "--smpp") {
		d.t.Errorf("port taken: exit code %d\n%s", exit, text)
	}
}

// TestDemo is what a newcomer does.
func TestDemo(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not installed")
	}
	dir := t.TempDir()
	d := startDemo(t, dir)
	var answer struct {
		Messages []viewed `json:"messages"`
	}
	if out := d.curl(); json.Unmarshal(out, &answer) != nil || len(answer.Messages) != 1 {
		t.Fatalf("the curl line answers %s", out)
	}
	key := regexp.MustCompile(`API key +(\S+)`).FindStringSubmatch(d.out.String())[1]
	client := &rest{t: t, base: "http://" + d.http, key: key, client: &http.Client{}}
	client.becomes(answer.Messages[0].ID, "delivered")

	status, page := client.get("/")
	if status != http.StatusOK || !strings.Contains(strings.ToLower(page), "<html") {
		t.Errorf("the page: %d %.200s", status, page)
	}
	var phone struct {
		Texts []struct{ Text string }
	}
	client.fetch("/phones/phones/46701234567", &phone)
	if len(phone.Texts) != 1 || phone.Texts[0].Text != "Hello from Kurir" {
		t.Errorf("the phone shows %+v", phone)
	}

	// A reply typed on the phone comes in.
	client.replies("46701234567", "Hello back")
	d.fourLinks(client)

	d.portsTaken()

	// Ctrl-C, and a second start that goes on.
	d.signal(syscall.SIGINT)
	if exit := d.ended(); exit != 0 {
		t.Errorf("Ctrl-C: exit code %d", exit)
	}
	if at := bad.FindString(d.out.String()); at != "" {
		t.Errorf("the demo failed: %s", d.out.String())
	}
	d = startDemo(t, dir)
	d.curl()
	client.base = "http://" + d.http
	if v := client.message(answer.Messages[0].ID); v.State != "delivered" {
		t.Errorf("after the second start the message is %s", v.State)
	}
	if !strings.Contains(d.out.String(), key) {
		t.Error("the second start has another key")
	}
}
