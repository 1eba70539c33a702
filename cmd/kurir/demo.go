package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"

	"github.com/spf13/cobra"

	"kurir/app"
)

// demoOptions are the flags of `kurir demo`.
type demoOptions struct {
	http, smpp, smtp, data string
	quiet                  bool
}

// newDemoCmd makes `kurir demo`.
func newDemoCmd() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try Kurir: gateway, SMSC simulator and virtual phones, nothing to configure",
		Long: "Run the gateway with an account, and the simulator as its operators over SMPP, UCP, CIMD2 and by a GSM modem.\n" +
			"The page shows virtual phones: texts pop up on them, and what is typed on a phone comes in. It stops and starts the links.\n" +
			"Everything is kept in the data folder; the next start goes on with it.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemo(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), o)
		},
	}
	cmd.Flags().StringVar(&o.http, "http", "127.0.0.1:8080", "address of the page and the HTTP interfaces")
	cmd.Flags().StringVar(&o.smpp, "smpp", "127.0.0.1:2775", "address on which customers bind over SMPP")
	cmd.Flags().StringVar(&o.smtp, "smtp", "127.0.0.1:2525", "address on which mails to phones are taken")
	cmd.Flags().StringVar(&o.data, "data", "./kurir-demo", "folder for everything that is kept")
	cmd.Flags().BoolVar(&o.quiet, "quiet", false, "send nothing but what you send yourself")
	return cmd
}

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
	sim, err := demoSimulator(ctx, file, pageKey, log)
	if err != nil {
		return err
	}
	defer sim.Close()
	mails, err := startDemoMails(ctx, file)
	if err != nil {
		return err
	}
	defer mails.Close()
	handlers := map[string]http.Handler{
		"/phones/": endWith(ctx, http.StripPrefix("/phones", sim.Handler())),
	}
	if mails != nil {
		mails.Open = pageKey != ""
		handlers["/mails/"] = http.StripPrefix("/mails", mails.Handler())
	}
	a, err := app.New(ctx, app.Options{File: file, Log: log, Version: programVersion(), Handlers: handlers})
	if err != nil {
		return demoHint(err)
	}
	links := "" // of the file of an older demo nothing is said
	if len(demoLinks(file)) == len(demoOver) {
		links = demoFour
	}
	page := "http://" + a.HTTPAddr().String()
	for _, u := range file.Users {
		if u.Name == demoUser {
			fmt.Fprintf(out, demoSignIn, page, u.Name, u.Password.Reveal())
		}
	}
	if link := a.SetupLink(); link != "" {
		fmt.Fprintf(out, demoSetup, link)
	}
	fmt.Fprintf(out, demoGreeting, page, a.SMPPAddr(), o.data, file.Accounts[0].Name, file.Accounts[0].Password.Reveal(), key, links)
	if mails != nil {
		mails.Gateway = a.SMTPAddr().String()
		fmt.Fprintf(out, demoMailGreeting, page, mails.Gateway)
	}
	defer startDemoTraffic(ctx, o, page, key, sim)()
	err = a.Run(ctx)
	if err == nil {
		fmt.Fprintln(out, "Stopped. Everything is kept in", o.data)
	}
	return err
}

// demoOpen is said when others than this machine reach the page.
const demoOpen = `
Warning: --http is an address that others reach. Anybody there can read the virtual phones and write on them.
The page does not get the API key, so texts cannot be sent from it, nor links stopped.
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

// demoFour is said when all four links are there.
const demoFour = `Four links lead to the phones: smpp, ucp, cimd2 and a GSM modem; each text says by which it came. Stop smpp on the page
and send again: the text comes by the modem.

`

// demoSignIn is said while the file has the user that it came with.
const demoSignIn = `
Open %[1]s/ and sign in as %[2]s with the password %[3]s
`

// demoSetup is said while the web pages have no user.
const demoSetup = `
Make yourself a user of the web pages by this link, once:

  %s
`

const demoGreeting = `
Kurir runs. Press Ctrl-C to stop.

  web pages        %[1]s/
  virtual phones   %[1]s/phones/
  SMPP             %[2]s
  kept in          %[3]s
  account          %[4]s
  password         %[5]s
  API key          %[6]s

Send a text, and watch it arrive on the page:

  curl -H 'Authorization: Bearer %[6]s' -H 'Content-Type: application/json' \
    -d '{"to":"+46701234567","text":"Hello from Kurir"}' %[1]s/v1/messages

%[7]sWrite back on a phone, and read what came in:

  curl -H 'Authorization: Bearer %[6]s' %[1]s/v1/inbound

`

const demoMailGreeting = `Send a mail to the phone, answer on the phone, and answer the mail that comes, on %[1]s/mails/

  printf 'Subject: Visit\n\nWhen do you come?\n' | curl --crlf -T - --mail-from anna@example.com \
    --mail-rcpt 0701234567@sms.example.com smtp://%[2]s

`

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
