package main

import (
	"context"
	"fmt"
	"log/slog"

	"kurir/config"
	"kurir/simulator"
)

// demoLinks gives the links of the file that reach the simulator, by kind: the
// first, and those that are named after their kind.
func demoLinks(file *config.File) map[string]*config.Connector {
	links := map[string]*config.Connector{}
	for i := range file.Connectors {
		if c := &file.Connectors[i]; i == 0 || c.Name == c.Kind && links[c.Kind] == nil {
			links[c.Kind] = c
		}
	}
	return links
}

// demoSimulator starts the simulator with what the links of the demo need, and
// has them reach it. It is given the key that the page may have. It outlives
// the context, so that the gateway can close its links in good order.
func demoSimulator(ctx context.Context, file *config.File, pageKey string, log *slog.Logger) (*simulator.Simulator, error) {
	const anyPort = "127.0.0.1:0"
	links := demoLinks(file)
	opt := simulator.Options{SMPP: anyPort, Log: log, Unseen: demoUnseen}
	if links["ucp"] != nil {
		opt.UCP = anyPort
	}
	if links["cimd2"] != nil {
		opt.CIMD2 = anyPort
	}
	if pageKey != "" {
		opt.SendURL, opt.SendKey, opt.LinksURL = "../v1/messages", pageKey, "../v1/links"
		for _, c := range file.Connectors {
			opt.Links = append(opt.Links, simulator.Link{Name: c.Name, Over: demoOver[c.Kind]})
		}
	}
	sim := simulator.New(opt)
	if err := sim.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	reach := map[string]string{"smpp": sim.Addr(), "ucp": sim.UCPAddr(), "cimd2": sim.CIMD2Addr()}
	err := error(nil)
	if links["modem"] != nil {
		reach["modem"], err = demoModem(sim)
	}
	file.Adjust(func(f *config.File) {
		for kind, link := range demoLinks(f) {
			link.Reach(reach[kind])
		}
	})
	for _, number := range demoPhones {
		if err == nil {
			err = sim.AddPhone(number)
		}
	}
	if err != nil {
		sim.Close()
		return nil, fmt.Errorf("make the simulated modem and the virtual phones: %w", err)
	}
	return sim, nil
}

// demoModem makes a modem and gives its device: a pseudo-terminal, or where
// there are none, a serial server.
func demoModem(sim *simulator.Simulator) (device string, err error) {
	m, err := sim.AddModem(simulator.ModemOptions{})
	if err != nil {
		return "", err
	}
	if pty, err := sim.AttachModem(m, ""); err == nil {
		return pty.Path(), nil
	}
	address, err := sim.ListenModem(m, "127.0.0.1:0")
	return "tcp:" + address, err
}

// demoOver is what the simulator calls the kinds of links.
var demoOver = map[string]string{"smpp": "SMPP", "ucp": "UCP", "cimd2": "CIMD2", "modem": "GSM modem"}

// demoPhones are on the page from the beginning; the first is that of the
// greeting. The last one made stands first.
var demoPhones = []string{"46761234567", "46731112233", "46707654321", "46701234567"}
