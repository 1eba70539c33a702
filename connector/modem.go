package connector

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kurir/gsm"
	"kurir/modem"
)

// ModemPool is a link of GSM modems. Each modem is a session while it is
// registered with a network; it sends one part after the other. Messages from
// phones and status reports come in also when none is announced.
//
// A modem's message reference has 8 bits, so that the id of a part is made of the SIM,
// that reference and the end of the recipient's number: what a status report
// has too, after a restart as well, also where it writes the number nationally.
type ModemPool struct {
	// Open opens a device; nil: modem.OpenDevice. Tests bring pipes.
	Open func(ctx context.Context, device string) (io.ReadWriteCloser, error)
	// Folder is where it is written down which PINs were tried and how much each
	// SIM has sent today; empty: nowhere, and it is forgotten when the process ends.
	Folder string

	cfg     ModemConfig // with defaults
	shared  *Shared
	log     *slog.Logger
	cut     airCut
	slots   []*modemSlot
	acquire func(ctx context.Context, session int) (*Lease, error) // nil where one server has all
	tap     atomic.Pointer[Tap]
	running atomic.Bool
}

// NewModemPool makes a link. Nothing happens before Run. A nil log is none.
func NewModemPool(cfg ModemConfig, shared *Shared, log *slog.Logger) *ModemPool {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	p := &ModemPool{cfg: cfg.WithDefaults(), shared: shared, log: log.With("link", cfg.Name)}
	p.cfg.rewriting = p.cfg.rewriting.with(shared.Networks)
	p.cut = airCut{refs: shared.refs, wide: p.cfg.Long == "udh16"}
	for i := range p.cfg.Modems {
		s := &modemSlot{pool: p, place: i, wake: make(chan struct{}, 1), number: shared.sessions.Add(1)}
		if p.cfg.PerMinute > 0 {
			s.every = time.Minute / time.Duration(p.cfg.PerMinute)
		}
		p.slots = append(p.slots, s)
	}
	return p
}

// Run keeps the modems in use until ctx ends. What is being sent then gets its answer.
func (p *ModemPool) Run(ctx context.Context, core Core) {
	var all sync.WaitGroup
	p.running.Store(true)
	defer p.running.Store(false)
	for _, s := range p.slots {
		all.Go(func() { s.keep(ctx, core) })
	}
	all.Wait()
}

// file names a file of modem number i; empty when nothing is to be written.
func (p *ModemPool) file(kind string, i int) string {
	if p.Folder == "" {
		return ""
	}
	name := p.cfg.Modems[i].IMEI
	if name == "" {
		name = fmt.Sprint(i)
	}
	return filepath.Join(p.Folder, fmt.Sprintf("modem-%s-%s-%s", p.cfg.Name, name, kind))
}

// modemConfig is what package modem is to know of modem number i.
func (p *ModemPool) modemConfig(i int) modem.Config {
	d := &p.cfg.Modems[i]
	centre, _ := gsm.ParseAddress(d.ServiceCentre) // empty, or validated
	c := modem.Config{
		Devices: d.Devices, Speed: d.Speed, IMEI: d.IMEI, PIN: string(d.PIN), PINFolder: p.Folder, Centre: centre,
		Number: d.Number, Memory: d.Storage, Notify: d.Notify, Init: d.Init, PackedUSSD: d.PackedUSSD,
		Check: p.cfg.Check, Answer: p.cfg.ResponseTimeout, SendFor: p.cfg.SendTimeout, Open: p.Open, Trace: p.slots[i].trace,
	}
	if len(d.Reset) > 0 {
		c.Reset = func(ctx context.Context, device string) error { return runReset(ctx, d.Reset, device) }
	}
	return c
}

// runReset runs the command of the configuration; a shell has no part in it.
func runReset(ctx context.Context, command []string, device string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	args := make([]string, 0, len(command))
	for _, a := range command[1:] {
		args = append(args, strings.ReplaceAll(a, "{device}", device))
	}
	if err := exec.CommandContext(ctx, command[0], args...).Run(); err != nil { //nolint:gosec // named in the file
		return fmt.Errorf("run %s: %w", command[0], err)
	}
	return nil
}

// Send hands messages to a modem.
func (p *ModemPool) Send(session uint32, out []*Outgoing) (refused []*Outgoing) {
	for _, s := range p.slots {
		if s.take(session, out) {
			return nil
		}
	}
	return out
}

// Stats shows the modems.
func (p *ModemPool) Stats() []SessionStats {
	list := make([]SessionStats, 0, len(p.slots))
	for _, s := range p.slots {
		list = append(list, s.stats())
	}
	return list
}

// ModemStats is what is to be known of a modem beyond its session.
type ModemStats struct {
	modem.Status
	Name       string // its IMEI as configured, else its place in the link, from 1
	SentToday  int    // parts of the SIM
	DailyLimit int    // 0: none
}

// USSD has the first modem that is free and registered, or the one with a
// number of its own, send a USSD request, and gives the network's answer.
func (p *ModemPool) USSD(ctx context.Context, number, code string) (modem.USSD, error) {
	for _, s := range p.slots {
		m := s.current()
		if m == nil {
			continue
		}
		if st := m.Status(); st.State == modem.StateReady && (number == "" || st.Number == number) {
			return m.USSD(ctx, code)
		}
	}
	return modem.USSD{}, modem.ErrDown
}
