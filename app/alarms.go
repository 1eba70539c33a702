package app

import (
	"context"
	"crypto/x509"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/gateway"
	"kurir/message"
)

const (
	watchEvery = 5 * time.Second
	watchDisk  = 30 * time.Second // of what reads the disk
	rateWindow = 5 * time.Minute
)

// alarmWatch looks every few seconds for what the settings call an alarm. All
// fields in upper case are required.
type alarmWatch struct {
	Book         *alarm.Book
	Settings     func() alarm.Settings
	Stats        func() gateway.Stats
	Queues       func(ctx context.Context, account string) ([]gateway.WaitingQueue, error)
	Accounts     func() *account.Directory
	Balances     func(account string) []gateway.BalanceState
	Free         func() (free, total uint64, err error)
	Certificates func() map[string]*x509.Certificate       // by the interface that shows it
	Offset       func() (offset time.Duration, known bool) // of the clock
	Keep         func(context.Context) error               // writes what changed
	Follow       func(context.Context) error               // takes in what other servers know
	Tells        func(link string) (mine, known bool)      // whether it is this one of several servers that tells of a link; of all that share the database one

	began   time.Time // first look
	last    time.Time // of the look before
	wall    time.Time // likewise, what the clock said
	slow    time.Time // of that at the disk
	samples []answered
}

// answered is how many answers of each link there were at a time.
type answered struct {
	at    time.Time
	links map[string]linkAnswers
}

type linkAnswers struct{ taken, failed int64 }

// Run looks until ctx ends.
func (w *alarmWatch) Run(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = w.Follow(ctx) // likewise
			w.look(ctx, time.Now())
			_ = w.Keep(ctx) // the database has its own line in the log, and the next look tries again
		}
	}
}

// raiser says that a condition is there by a sentence of package alarm, or (without a key) that it cannot be
// seen yet whether one that was there is over.
type raiser func(subject, key string, values ...any)

func (w *alarmWatch) look(ctx context.Context, now time.Time) {
	if w.began.IsZero() {
		w.began = now
	}
	set := w.Settings()
	stats := w.Stats()
	w.kind(&set, alarm.LinkDown, now, func(raise raiser) { w.linksDown(&set, &stats, now, raise) })
	w.kind(&set, alarm.Modem, now, func(raise raiser) { modemsDown(&set, &stats, now, raise) })
	w.kind(&set, alarm.ErrorRate, now, func(raise raiser) { w.errorRates(&set, &stats, now, raise) })
	w.kind(&set, alarm.Balance, now, w.balances)
	w.kind(&set, alarm.Clock, now, func(raise raiser) { w.clock(&set, now, raise) })
	if now.Sub(w.slow).Abs() < watchDisk {
		return
	}
	w.slow = now
	w.kind(&set, alarm.Disk, now, func(raise raiser) { w.disk(&set, raise) })
	w.kind(&set, alarm.Certificate, now, func(raise raiser) { w.certificates(&set, now, raise) })
	list, err := w.Queues(ctx, "")
	if err != nil {
		return // the database has its own line in the log
	}
	w.kind(&set, alarm.QueueAge, now, func(raise raiser) { queueAges(&set, list, now, raise) })
}

// followAlarms takes in what other servers have written of alarms, and says which of them this one tells of.
func (a *App) followAlarms(ctx context.Context) error {
	if !a.node.shared() {
		return nil
	}
	list, err := a.store.Alarms(ctx)
	if err != nil {
		return err
	}
	a.alarms.Follow(list, func(e *alarm.Event) bool {
		if e.Kind != alarm.LinkDown {
			return e.ID.Node() == a.node.number()
		}
		mine, _ := a.node.tells(e.Subject)
		return mine
	})
	return nil
}

// kind raises what find says of a kind, and ends what it says no more.
func (w *alarmWatch) kind(set *alarm.Settings, k alarm.Kind, now time.Time, find func(raise raiser)) {
	var still []string
	if set.Watches(k) {
		find(func(subject, key string, values ...any) {
			if key != "" {
				w.Book.Raise(now, k, subject, alarm.Say(key, values...))
			}
			still = append(still, subject)
		})
	}
	w.Book.ClearOthers(now, k, still)
}

// linksDown raises links that are down and not meant to be.
func (w *alarmWatch) linksDown(set *alarm.Settings, stats *gateway.Stats, now time.Time, raise raiser) {
	for i := range stats.Links {
		l := &stats.Links[i]
		mine, known := w.Tells(l.Name)
		switch {
		case !known: // it is not known how the link stands at the others: one of them tells
			raise(l.Name, "")
		case !mine:
		case l.State != "down" && l.State != "reconnecting":
		case now.Sub(l.Since) < set.LinkDown:
			raise(l.Name, "")
		default:
			since := l.Since
			if e, ok := w.Book.Lasting(alarm.LinkDown, l.Name); ok && e.Count == 1 && e.Began.Before(since) { // since is when Kurir started
				since = e.Began
			}
			raise(l.Name, "link_down", l.Name, since, l.Queued)
		}
	}
}

// modemsDown raises GSM modems that are gone or have no network, also where others of their link carry its messages.
func modemsDown(set *alarm.Settings, stats *gateway.Stats, now time.Time, raise raiser) {
	for i := range stats.Links {
		l := &stats.Links[i]
		for n := range l.Sessions {
			s := &l.Sessions[n]
			if s.Modem == nil || s.State == "bound" || s.State == "elsewhere" || l.State == "stopped" || l.State == "maintenance" {
				continue
			}
			subject := l.Name + " " + s.Modem.Name
			if now.Sub(s.Since) < set.LinkDown {
				raise(subject, "")
				continue
			}
			why := s.Error
			if why == "" {
				why = s.Modem.State.String()
			}
			raise(subject, "modem", s.Modem.Name, l.Name, s.Since, why)
		}
	}
}

// errorRates raises links whose operators take too few messages.
func (w *alarmWatch) errorRates(set *alarm.Settings, stats *gateway.Stats, now time.Time, raise raiser) {
	sample := answered{now, map[string]linkAnswers{}}
	for i := range stats.Links {
		l := &stats.Links[i]
		sample.links[l.Name] = linkAnswers{l.Taken, l.Failed}
	}
	w.samples = append(w.samples, sample)
	for len(w.samples) > 1 && now.Sub(w.samples[0].at) > rateWindow {
		w.samples = append(w.samples[:0], w.samples[1:]...)
	}
	for name, a := range sample.links {
		then := w.samples[0].links[name]
		taken, failed := a.taken-then.taken, a.failed-then.failed
		switch all := taken + failed; {
		case all < int64(set.ErrorLeast):
			if now.Sub(w.began) < rateWindow { // the run before may have seen more
				raise(name, "")
			}
		case failed*100 >= all*int64(set.ErrorRate):
			raise(name, "error_rate", all, name, failed)
		}
	}
}

// balances raises accounts of which less is available than they want to be warned
// of.
func (w *alarmWatch) balances(raise raiser) {
	directory := w.Accounts()
	for _, b := range w.Balances("") {
		a := directory.ByName(b.Account)
		if a == nil || a.Balance == nil {
			continue
		}
		for _, amount := range a.Balance.Warn {
			if b.Balance+b.Credit < amount {
				raise(a.Name, "balance", a.Name, b.Balance+b.Credit, b.Currency)
				break
			}
		}
	}
}

// clock raises a clock that is wrong by what the kernel knows, and notes one that
// jumped.
func (w *alarmWatch) clock(set *alarm.Settings, now time.Time, raise raiser) {
	if last := w.last; !last.IsZero() {
		jump := now.Round(0).Sub(w.wall) - now.Sub(last)
		if jump.Abs() >= set.Clock {
			w.Book.Note(now, alarm.Clock, "jump", alarm.Say("clock_jump", jump.Round(time.Millisecond)))
		}
	}
	w.last, w.wall = now, now.Round(0)
	if offset, known := w.Offset(); known && offset.Abs() >= set.Clock {
		raise("offset", "clock_offset", offset.Round(time.Millisecond))
	}
}

func (w *alarmWatch) disk(set *alarm.Settings, raise raiser) {
	free, total, err := w.Free()
	if err == nil && total > 0 && free < total/100*uint64(set.Disk) {
		raise("data", "disk", free>>20, free/(total/100))
	}
}

func (w *alarmWatch) certificates(set *alarm.Settings, now time.Time, raise raiser) {
	for name, c := range w.Certificates() {
		if c.NotAfter.Sub(now) < set.Certificate {
			raise(name, "certificate", name, c.NotAfter)
		}
	}
}

// queueAges raises links for which messages wait too long.
func queueAges(set *alarm.Settings, list []gateway.WaitingQueue, now time.Time, raise raiser) {
	oldest := map[string]time.Time{}
	for i := range list {
		q := &list[i]
		if t := oldest[q.Link]; q.Waiting > 0 && !q.Oldest.IsZero() && (t.IsZero() || q.Oldest.Before(t)) {
			oldest[q.Link] = q.Oldest
		}
	}
	for name, t := range oldest {
		if now.Sub(t) >= set.QueueAge {
			raise(name, "queue_age", name, t)
		}
	}
}

// shownCertificates are those that our interfaces show.
func (a *App) shownCertificates() map[string]*x509.Certificate {
	shown := map[string]*x509.Certificate{}
	for name, c := range a.certificates() {
		if c == nil {
			continue
		}
		for _, pair := range c.conf.Load().Certificates {
			if pair.Leaf != nil {
				shown[name] = pair.Leaf
			}
		}
	}
	return shown
}

// keepAlarms returns when all that is known of alarms is on disk.
func (a *App) keepAlarms(ctx context.Context) error {
	return a.alarms.Save(time.Now(), func(changed, acked []alarm.Event, gone []message.ID) error {
		return a.gateway.KeepAlarms(ctx, changed, acked, gone)
	})
}

// alarmSettings are those in force.
func (a *App) alarmSettings() alarm.Settings { return a.alarmsNow.Load().WithDefaults() }
