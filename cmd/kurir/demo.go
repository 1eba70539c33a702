package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"kurir/app"
	"kurir/config"
	"kurir/simulator"
)

// demoOptions are the flags of `kurir demo`.
type demoOptions struct {
	http, smpp, data string
}

// newDemoCmd makes `kurir demo`.
func newDemoCmd() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try Kurir: gateway, SMSC simulator and virtual phones, nothing to configure",
		Long: "Run the gateway with an account, and the simulator as its operator over SMPP.\n" +
			"The page shows virtual phones: texts pop up on them, and what is typed on a phone comes in.\n" +
			"Everything is kept in the data folder; the next start goes on with it.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemo(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), o)
		},
	}
	cmd.Flags().StringVar(&o.http, "http", "127.0.0.1:8080", "address of the page and the HTTP interfaces")
	cmd.Flags().StringVar(&o.smpp, "smpp", "127.0.0.1:2775", "address on which customers bind over SMPP")
	cmd.Flags().StringVar(&o.data, "data", "./kurir-demo", "folder for everything that is kept")
	return cmd
}

// demoFile is the configuration that the first start writes.
var demoFile = template.Must(template.New("demo").Parse(`# The configuration of the demo. Change it as you like: the next start uses it.
# The addresses of --http and --smpp and of the simulator stand in for those here.
data: {{.Data}}
http: {listen: 127.0.0.1:8080}
smpp: {listen: 127.0.0.1:2775}
country: "46"
webhooks: {allow: [127.0.0.0/8]}
connectors:
  - {name: simulator, kind: smpp, hosts: [127.0.0.1:2776], system_id: kurir, password: simulate, sessions: 2, window: 100}
accounts:
  - {name: demo, password: {{.Password}}, api_keys: [{{.Key}}], admin: true, senders: ["*"], sender: Kurir, numbers: ["+46737494949"]}
routes:
  - {to: "*", via: [simulator]}
inbound:
  - {to: "*", account: demo}
`))

func runDemo(ctx context.Context, out, errOut io.Writer, o demoOptions) error {
	file, err := demoConfig(o)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	key := file.Accounts[0].APIKeys[0].Reveal()
	pageKey := key
	host, _, err := net.SplitHostPort(o.http)
	if err == nil && !loopback(host) {
		pageKey = ""
		fmt.Fprint(errOut, demoOpen)
	}
	sim := simulator.New(simulator.Options{
		SMPP: "127.0.0.1:0", SystemID: "kurir", Password: "simulate", Log: log,
		SendURL: demoSendURL(pageKey), SendKey: pageKey,
	})
	// It outlives the gateway, which closes its links in good order.
	if err := sim.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the simulator: %w", err)
	}
	defer sim.Close()
	file.Connectors[0].Reach(sim.Addr())
	for _, number := range demoPhones {
		if err := sim.AddPhone(number); err != nil {
			return fmt.Errorf("make a virtual phone: %w", err)
		}
	}
	a, err := app.New(ctx, app.Options{File: file, Log: log, Version: programVersion(), Handlers: map[string]http.Handler{
		"/phones/": endWith(ctx, http.StripPrefix("/phones", sim.Handler())),
		"/{$}":     http.RedirectHandler("/phones/", http.StatusFound),
	}})
	if err != nil {
		return demoHint(err)
	}
	page := "http://" + a.HTTPAddr().String()
	fmt.Fprintf(out, demoGreeting, page, a.SMPPAddr(), o.data, file.Accounts[0].Name, file.Accounts[0].Password.Reveal(), key)
	err = a.Run(ctx)
	if err == nil {
		fmt.Fprintln(out, "Stopped. Everything is kept in", o.data)
	}
	return err
}

// demoSendURL is where the page posts texts: nowhere without a key.
func demoSendURL(key string) string {
	if key == "" {
		return ""
	}
	return "../v1/messages"
}

// demoOpen is said when others than this machine reach the page.
const demoOpen = `
Warning: --http is an address that others reach. Anybody there can read the virtual phones and write on them.
The page does not get the API key, so texts cannot be sent from it.
`

// endWith ends the requests of h with ctx: the page of phones keeps a stream
// open, for which the server would wait when it stops.
func endWith(ctx context.Context, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		h.ServeHTTP(w, r.WithContext(own))
	})
}

var demoPhones = []string{"46701234567", "46707654321", "46731112233"}

const demoGreeting = `
Kurir runs. Press Ctrl-C to stop.

  virtual phones   %[1]s/
  SMPP             %[2]s
  kept in          %[3]s
  account          %[4]s
  password         %[5]s
  API key          %[6]s

Send a text, and watch it arrive on the page:

  curl -H 'Authorization: Bearer %[6]s' -H 'Content-Type: application/json' \
    -d '{"to":"+46701234567","text":"Hello from Kurir"}' %[1]s/v1/messages

Write back on a phone, and read what came in:

  curl -H 'Authorization: Bearer %[6]s' %[1]s/v1/inbound

`

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
		return nil, fmt.Errorf("%s must keep its first connector (the simulator) and its first account with a key", path)
	}
	file.Data, file.HTTP.Listen, file.SMPP.Listen = o.data, o.http, o.smpp
	return file, nil
}

func writeDemoConfig(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	var text bytes.Buffer
	err := demoFile.Execute(&text, map[string]string{
		"Data": fmt.Sprintf("%q", dir), "Key": "demo-" + strings.ToLower(rand.Text()), "Password": strings.ToLower(rand.Text()[:8]),
	})
	if err != nil {
		return fmt.Errorf("make the configuration: %w", err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}

// demoHint says which flag helps when a port is taken.
func demoHint(err error) error {
	var busy *app.BusyError
	if !errors.As(err, &busy) {
		return err
	}
	host, _, splitErr := net.SplitHostPort(busy.Address)
	if splitErr != nil {
		host = "127.0.0.1"
	}
	return fmt.Errorf("%s is in use by another program; choose another address: kurir demo --%s %s:PORT", busy.Address, busy.Setting, host)
}
