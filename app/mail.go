package app

import (
	"context"
	"os"
	"time"

	"kurir/api"
	"kurir/config"
	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
)

// aliasLook is how often it is looked whether the file of aliases has changed.
const aliasLook = 5 * time.Second

// mailOut makes what sends messages from phones by mail.
func (a *App) mailOut() {
	a.mail = api.NewMailOut(api.MailOutOptions{
		Told: a.gateway.Delivered, Attempts: a.attempts, Message: a.gateway.Message,
		OnDuty:   a.gateway.MailsOnDuty,
		Settings: a.mailNow,
		Tokens:   a.mailTokens,
	})
	a.gateway.Receive(message.MailTarget, a.mail)
}

// mailNow is how mails go out; nil for not at all.
func (a *App) mailNow() *gateway.Mail { return a.gateway.Snapshot().Mail }

// mailTokens are at whose addresses phones are answered by mail; nil where they are not.
func (a *App) mailTokens() *api.MailTokens {
	set, key := a.gateway.Snapshot().Mail, a.mailKey.Load()
	if set == nil || set.Domain == "" || key == nil {
		return nil
	}
	return &api.MailTokens{Key: *key, Domain: set.Domain}
}

// mailStatus is how mail is, both ways, as far as it is configured.
func (a *App) mailStatus() (v api.MailStatus) {
	if a.SMTPAddr() != nil {
		v.Phones = a.smtp.Seen()
	}
	if set := a.gateway.Snapshot().Mail; set != nil && set.Server != "" {
		v.People = a.mail.Seen()
	}
	return v
}

// readMailKey reads the key of answers by mail, where there can be any.
func (a *App) readMailKey(ctx context.Context, f *config.File) error {
	if f.Mail == nil || f.Mail.Domain == "" || a.mailKey.Load() != nil {
		return nil
	}
	key, err := a.store.MailKey(ctx)
	if err == nil {
		a.mailKey.Store(&key)
	}
	return err
}

// mailSettings gives a snapshot what stands in a file of mail. What was read of the
// file of aliases while it is in force stays until another file is.
func (a *App) mailSettings(f *config.File, s, old *gateway.Snapshot) {
	s.Mail, s.Aliases = f.Mail, directory.NewAliasBook(f.OwnAliases, f.MailAliases)
	if old != nil && f == a.file {
		s.Aliases = old.Aliases
	}
}

// fileStamp is by what it is seen that a file has changed.
type fileStamp struct {
	book *directory.AliasBook
	at   time.Time
	size int64
}

// watchAliases reads the file of aliases again when it has changed, until ctx ends.
func (a *App) watchAliases(ctx context.Context) {
	var seen fileStamp
	tick := time.NewTicker(aliasLook)
	defer tick.Stop()
	for {
		a.lookAtAliases(&seen)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// lookAtAliases reads the file if it is not as it was seen last. With a mistake in it
// what was read before stays in force.
func (a *App) lookAtAliases(seen *fileStamp) {
	snap := a.gateway.Snapshot()
	if snap.Mail == nil || snap.Mail.Aliases == "" {
		return
	}
	name := snap.Mail.Aliases
	file, err := os.Open(name)
	if err != nil {
		a.aliasesUnread(seen, fileStamp{book: snap.Aliases}, name, err)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		a.aliasesUnread(seen, fileStamp{book: snap.Aliases}, name, err)
		return
	}
	now := fileStamp{snap.Aliases, info.ModTime(), info.Size()}
	if now == *seen {
		return
	}
	table, mistakes, err := directory.ReadAliases(file, config.AliasNumber(snap.Country), config.OwnMailbox(snap.Mail, func(name string) bool { return snap.Rotas.Named(name) != nil }))
	if err != nil {
		a.aliasesUnread(seen, now, name, err)
		return
	}
	*seen = now
	for _, m := range mistakes {
		a.log.Warn("a line of the file of aliases has a mistake; what was read before stays in force", "file", name, "line", m.Line, "mistake", m.Text)
	}
	if len(mistakes) == 0 {
		snap.Aliases.Replace(table)
		a.log.Info("aliases read", "file", name, "names", table.Len())
	}
}

// aliasesUnread says once that the file cannot be read.
func (a *App) aliasesUnread(seen *fileStamp, now fileStamp, name string, err error) {
	if *seen != now {
		a.log.Warn("the file of aliases cannot be read; what was read before stays in force", "file", name, "error", err)
	}
	*seen = now
}
