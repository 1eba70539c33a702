package main

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"kurir/simulator"
)

// modemFlags say what the modems of --modem are like.
func modemFlags(f *pflag.FlagSet, o *simulator.ModemOptions) {
	f.StringVar(&o.Number, "modem-number", "", "`number` of the first modem's SIM; without it +46737000001 and so on")
	f.StringVar(&o.IMEI, "modem-imei", "", "serial number (`IMEI`) of the first modem")
	f.StringVar(&o.PIN, "modem-pin", "", "`PIN` of the SIMs; three wrong ones lock them")
	f.IntVar(&o.Slots, "modem-slots", 20, "messages that a storage takes")
	f.DurationVar(&o.Delay, "modem-delay", 0, "time before each answer of a modem")
	f.BoolVar(&o.Chatty, "modem-chatty", false, "modems say things of themselves in the middle of answers")
	f.BoolVar(&o.Noise, "modem-noise", false, "modems begin with garbage")
	f.BoolVar(&o.Phase2, "modem-phase2", false, "modems want acknowledgements of what comes directly (AT+CSMS=1)")
}

// simulateModem adds the modem number i, from 0, and says where it is.
func simulateModem(s *simulator.Simulator, out io.Writer, i int, link string, o simulator.ModemOptions) error {
	if link == "auto" {
		link = ""
	}
	if i > 0 { // each has its own
		o.Number, o.IMEI = "", fmt.Sprintf("4901542032375%02d", (18+i)%100)
	}
	m, err := s.AddModem(o)
	if err != nil {
		return err
	}
	pty, err := s.AttachModem(m, link)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "modem   %s  %s\n", pty.Path(), m.Number())
	return nil
}
