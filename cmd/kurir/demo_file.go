package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"kurir/config"
)

// demoUser is who signs in to the web pages.
const demoUser = "demo"

// demoNumber is the number that phones write to.
const demoNumber = "+46737494949"

// demoFile is the configuration that the first start writes.
var demoFile = template.Must(template.New("demo").Parse(`# The configuration of the demo. Change it as you like: the next start uses it.
# The addresses of --http, --smpp and --smtp stand in for those here.
data: {{.Data}}
http: {listen: 127.0.0.1:8080}
smpp: {listen: 127.0.0.1:2775}
country: "46"
webhooks: {allow: [127.0.0.0/8]}

# Mail both ways: 0701234567@sms.example.com is a phone, and what a phone answers goes to who wrote last to it. The mail server
# is the demo's own, wherever it listens, and shows the mails on the page /mails/; that of --smtp stands in for listen.
smtp: {listen: 127.0.0.1:2525, domains: [sms.example.com]}
mail: {server: "127.0.0.1:2526", tls: none, from: sms@example.com, domain: sms.example.com, order: [dialog, writer, rule]}
replies: [{number: "{{.Number}}"}]

# Four links of different kinds. Those that are named after their kind reach the simulator, wherever it listens: the
# addresses and the device here are examples. Links with other names go where they say.
connectors:
  # A link that is down for 2s leaves what waits for it to the next link of its route, and takes new messages again when
  # it has been up for 2s. Without these two it would be 10s and 30s.
  - {name: smpp, kind: smpp, hosts: [127.0.0.1:2776], system_id: kurir, password: simulate, sessions: 2, window: 100, fallback_wait: 2s, return_wait: 2s}
  - {name: ucp, kind: ucp, hosts: [127.0.0.1:2777], account: "4600", password: simulate, inbound_numbers: international}
  - {name: cimd2, kind: cimd2, hosts: [127.0.0.1:2778], user: kurir, password: simulate, inbound_numbers: international}
  - {name: modem, kind: modem, modems: [{devices: [/dev/ttyUSB0], number: "+46737000001"}]}

accounts:
  - {name: demo, password: {{.Password}}, api_keys: [{{.Key}}], admin: true, senders: ["*"], sender: Kurir, numbers: ["{{.Number}}"]}
  # Whoever writes a mail on this machine writes as this one, from a number that phones can answer to.
  - {name: mail, password: {{.MailPassword}}, senders: ["*"], sender: "{{.Number}}", mail: {authors: ["*"], networks: [127.0.0.0/8]}}

# Who signs in to the web pages.
users:
  - {name: {{.User}}, account: demo, role: system, password: {{.UserPassword}}}

# Which link takes a message: the first rule that matches its recipient counts.
routes:
  - {to: "+46707*", via: [ucp]}         # the phone +46707654321
  - {to: "+46731*", via: [cimd2]}       # the phone +46731112233
  - {to: "+46761*", via: [modem]}       # the phone +46761234567
  - {to: "*", via: [smpp, modem]}       # all others, +46701234567 too: by smpp, and by the modem while smpp is away

# Where messages from phones go: all to the account, whatever number they were written to.
inbound:
  - {to: "*", account: demo}
`))

// demoConfig reads the configuration of the demo, writing it first if this is
// the first start.
func demoConfig(o demoOptions) (*config.File, error) {
	path := filepath.Join(o.data, "kurir.yaml")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := writeDemoConfig(o.data, path); err != nil {
			return nil, err
		}
	}
	file, mistakes := config.Load(path)
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("%s has mistakes; mend it, or remove it to begin with a new one:\n%w", path, mistakes)
	}
	if len(file.Connectors) == 0 || file.Connectors[0].Kind != "smpp" || len(file.Accounts) == 0 || len(file.Accounts[0].APIKeys) == 0 {
		return nil, fmt.Errorf("%s must keep its first connector (over SMPP to the simulator) and its first account with a key", path)
	}
	file.Adjust(func(f *config.File) {
		f.Data, f.HTTP.Listen, f.SMPP.Listen = o.data, o.http, o.smpp
		if f.SMTP.Listen != "" { // the file of an older demo takes no mail
			f.SMTP.Listen = o.smtp
		}
	})
	return file, nil
}

func writeDemoConfig(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	var text bytes.Buffer
	err := demoFile.Execute(&text, map[string]string{
		"Number": demoNumber, "User": demoUser, "Data": fmt.Sprintf("%q", dir), "Key": "demo-" + strings.ToLower(rand.Text()), "Password": strings.ToLower(rand.Text()[:8]), "UserPassword": strings.ToLower(rand.Text()[:10]), "MailPassword": strings.ToLower(rand.Text()[:8]),
	})
	if err != nil {
		return fmt.Errorf("make the configuration: %w", err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}
