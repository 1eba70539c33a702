package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kurir/config"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
	"kurir/store"
)

// book is what was made over REST, guarded by App.mu.
type book struct {
	made []store.Resource // by kind and position, with secrets as they are
	last int64            // number of the last change
	used int64            // and of the last that is in force
	open <-chan error     // of a write whose end was not waited for; nil for none

	key       string // fingerprint of that with which secrets are encrypted in the database; empty for none
	otherwise int    // secrets there that are not
}

// writeTimeout is how long a change may take to come on disk.
const writeTimeout = 25 * time.Second

// readBook reads what was made over REST.
func (a *App) readBook(ctx context.Context) error {
	key, err := a.store.SecretKey(ctx)
	if err != nil {
		return err
	}
	made, last, err := a.store.Resources(ctx)
	if err != nil {
		return err
	}
	otherwise := 0
	for i := range made {
		n, err := a.reveal(&made[i], key)
		if err != nil {
			return err
		}
		otherwise += n
	}
	a.book.made, a.book.last, a.book.key, a.book.otherwise = made, last, key, otherwise
	return nil
}

// withMade adds to a file what was made over REST.
func withMade(f *config.File, made []store.Resource) (*config.File, error) {
	list := make([]config.Made, 0, len(made))
	for i := range made {
		value, err := valueOf(&made[i])
		if err != nil {
			return nil, err
		}
		list = append(list, config.Made{Kind: made[i].Kind, Name: made[i].Name, Value: value})
	}
	whole, mistakes := f.With(list)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return whole, nil
}

// misfit adds to what is wrong with a file together with what was made over REST what to do about it.
func misfit(err error) error {
	if _, ok := errors.AsType[config.Errors](err); !ok {
		return err
	}
	return fmt.Errorf("%w\nwhat was made over REST does not fit this file: put back what was taken out of it, or take out what is there twice; "+
		"what was made over REST can be changed while the server runs (kurir config list)", err)
}

func valueOf(r *store.Resource) (map[string]any, error) {
	var value map[string]any
	if err := json.Unmarshal(r.Body, &value); err != nil {
		return nil, fmt.Errorf("read %s: %w", resource.Place(r.Kind, r.Name), err)
	}
	return value, nil
}

// Settings gives all settings of a kind: those of the file, then those made over REST.
func (a *App) Settings(_ context.Context, kind string) ([]resource.Row, error) {
	s, known := resource.SettingOf(kind)
	if !known {
		return nil, noNoun(kind)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var rows []resource.Row
	for _, item := range a.file.Stated(s) {
		rows = append(rows, resource.Row{
			Kind: kind, Name: item.Name, Source: resource.InFile, Place: item.Place, Value: config.Hide(kind, item.Value),
		})
	}
	position := int64(0)
	for i := range a.book.made {
		if a.book.made[i].Kind != kind {
			continue
		}
		position++
		row, err := rowOf(&a.book.made[i], position)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	for i := range rows {
		rows[i].Order = int64(i + 1)
	}
	return rows, nil
}

func rowOf(r *store.Resource, position int64) (resource.Row, error) {
	value, err := valueOf(r)
	return resource.Row{
		Kind: r.Kind, Name: r.Name, Source: resource.OverAPI, Position: position, Revision: r.Revision,
		ChangedAt: time.UnixMilli(r.ChangedAt), ChangedBy: r.ChangedBy, Value: config.Hide(r.Kind, value),
	}, err
}

func noNoun(kind string) error {
	var kinds []string
	for _, s := range resource.Settings() {
		kinds = append(kinds, s.Kind)
	}
	return resource.Refuse(resource.NoNoun, "", "%.40q is nothing that is made here; there are %s", kind, strings.Join(kinds, ", "))
}

// ChangeSetting makes, changes or deletes one setting: it is checked together with all others as the file is, written,
// and put into force as by a reload; or else nothing is changed. The error is a *resource.Refusal, a *message.Failure, or the
// store's; context.DeadlineExceeded means that it may come on disk yet, and then into force with the next change.
func (a *App) ChangeSetting(ctx context.Context, c resource.Change) (resource.Row, error) {
	if c.Kind == "users" && c.Action != resource.Delete {
		if err := a.emptyBooks(ctx, &c); err != nil {
			return resource.Row{}, err
		}
	}
	row, err := a.changeSetting(ctx, c)
	if err == nil && c.Action == resource.Delete && c.Kind == "users" {
		_ = a.dropBooks(ctx, row.Name, c.By) // the log says what is left, and dropLeft takes it up
	}
	return row, err
}

// changeSetting is ChangeSetting but for what takes long, which is done while others change settings.
func (a *App) changeSetting(ctx context.Context, c resource.Change) (resource.Row, error) {
	// A client that hangs up does not cut it in two.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	s, known := resource.SettingOf(c.Kind)
	if !known {
		return resource.Row{}, noNoun(c.Kind)
	}
	unlock, err := a.lockSettings(ctx)
	if err != nil {
		return resource.Row{}, err
	}
	defer unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.settleBook(ctx); err != nil {
		return resource.Row{}, err
	}
	if a.store.Shared() { // another node may have changed them a moment ago
		if err := a.readBook(ctx); err != nil {
			return resource.Row{}, err
		}
	}
	draft, err := a.draft(s, c)
	if err != nil {
		return resource.Row{}, err
	}
	if draft.same {
		return rowOf(&draft.made[draft.at], draft.position())
	}
	whole, err := withMade(a.file, draft.made)
	if mistakes, ok := errors.AsType[config.Errors](err); ok {
		return resource.Row{}, refusedBy(mistakes, c.Kind, draft.name)
	}
	if err != nil {
		return resource.Row{}, err
	}
	before := a.file.Warnings
	row, err := changedRow(draft, before, whole.Warnings)
	if err != nil {
		return resource.Row{}, err
	}
	if c.Keyed != nil {
		draft.keyed, draft.answer = c.Keyed, c.Answer(&row)
	}
	if err := a.replace(ctx, whole, func() error { return a.write(ctx, draft) }); err != nil {
		return resource.Row{}, err
	}
	a.book.used = a.book.last
	if draft.change.Gone && c.Kind == "users" {
		a.forgetUser(draft.name)
	}
	a.log.Info("a setting is changed", "noun", c.Kind, "name", draft.name, "action", string(c.Action), "by", c.By)
	return row, nil
}

// lockSettings waits until this server alone may change settings. Those of one server that wait take turns here: in the
// database one of each server asks, not all of them every few milliseconds.
func (a *App) lockSettings(ctx context.Context) (unlock func(), err error) {
	select {
	case a.changing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	free, err := a.store.Lock(ctx, "settings")
	if err != nil {
		<-a.changing
		return nil, err
	}
	return func() { free(); <-a.changing }, nil
}

// changedRow is a setting as it is when it is changed, with what is warned of then and, elsewhere, was not before.
func changedRow(d *draft, before, warnings config.Errors) (resource.Row, error) {
	kind, number := d.change.Audit.Kind, d.change.Audit.Number
	if d.at < 0 {
		return resource.Row{Kind: kind, Name: d.name, Source: resource.OverAPI, Revision: number}, nil
	}
	row, err := rowOf(&d.made[d.at], d.position())
	for _, w := range warnings {
		if w.File == resource.Place(kind, d.name) || !slices.Contains(before, w) {
			row.Warnings = append(row.Warnings, w.Error())
		}
	}
	return row, err
}

// logEffects says of what was made over REST what has no effect; of the file that has been said.
func (a *App) logEffects(file, whole *config.File) {
	for _, w := range whole.Warnings {
		if !slices.Contains(file.Warnings, w) {
			a.log.Warn("something that was made over REST has no effect", "warning", w.Error())
		}
	}
}

// settleBook waits for a write whose end is not known, and reads what there is then.
func (a *App) settleBook(ctx context.Context) error {
	if a.book.open == nil {
		return nil
	}
	select {
	case <-a.book.open:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := a.readBook(ctx); err != nil {
		return err
	}
	a.book.open = nil
	return nil
}

// write puts a change on disk, and then into the book.
func (a *App) write(ctx context.Context, d *draft) error {
	key, err := a.keyInForce()
	if err != nil {
		return err
	}
	change := d.change
	if change.Put, err = a.encrypted(key, change.Put); err != nil {
		return err
	}
	done, err := a.gateway.WriteResource(change, d.keyed, d.answer)
	if err != nil {
		return err
	}
	if err = a.await(ctx, done); err == nil {
		a.book.made, a.book.last = d.made, d.change.Audit.Number
	}
	return err
}

// await waits until a change of the settings is on disk. When ctx ends before, it may still come there, and the book
// remembers that. The caller holds mu.
func (a *App) await(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		a.book.open = done
		return ctx.Err()
	}
}

// refusedBy makes of the mistakes of all settings together the refusal of a change of one.
func refusedBy(mistakes config.Errors, kind, name string) *resource.Refusal {
	r := &resource.Refusal{Reason: resource.Invalid}
	var others []resource.Problem
	for _, m := range mistakes {
		if m.File == resource.Place(kind, name) {
			r.Problems = append(r.Problems, resource.Problem{Field: m.Field, Text: m.Text})
		} else {
			others = append(others, resource.Problem{Text: m.Error()})
		}
	}
	if len(r.Problems) == 0 {
		r.Reason = resource.Needed
		others[0].Text = "others would be wrong with this change, and have to be changed or deleted first: " + others[0].Text
	}
	r.Problems = append(r.Problems, others...)
	return r
}

// draft is a change that was made to a copy of the book.
type draft struct {
	made   []store.Resource
	at     int // of what was changed; -1 when it is gone
	name   string
	same   bool // nothing is changed
	change store.ResourceChange
	keyed  *gateway.Keyed // the request that makes the change, nil for most,
	answer []byte         // and what it is answered
}

func (d *draft) position() int64 {
	n := int64(0)
	for i := range d.made[:d.at+1] {
		if d.made[i].Kind == d.made[d.at].Kind {
			n++
		}
	}
	return n
}

// draft makes a change to a copy of the book, or refuses it.
func (a *App) draft(s resource.Setting, c resource.Change) (*draft, error) {
	d := &draft{made: slices.Clone(a.book.made), at: -1, name: c.Name}
	if err := d.naming(s, &c); err != nil {
		return nil, err
	}
	old, err := a.find(s, d, c)
	if err != nil {
		return nil, err
	}
	now := time.Now().UnixMilli()
	d.change.Audit = store.Audit{
		Number: a.gateway.NextAudit(), At: now, Who: c.By, Kind: c.Kind, Name: d.name, Action: string(c.Action),
	}
	if c.Action == resource.Delete {
		if d.change.Audit.Data, err = auditData(c.Kind, old, nil); err != nil {
			return nil, err
		}
		d.change.Audit.Accounts = auditedFor(c.Kind, d.name, old, nil)
		d.made = slices.Delete(d.made, d.at, d.at+1)
		d.at, d.change.Gone = -1, true
		return d, nil
	}
	if c.Action != resource.Create && old == nil {
		d.change.Audit.Action = string(resource.Create)
	}
	value := c.Value
	if c.Action == resource.Patch {
		value = resource.Merge(old, c.Value)
	}
	sealed, refused := config.Seal(c.Kind, value, old)
	if refused != nil {
		return nil, refused
	}
	fields := resource.Differences(old, sealed)
	if d.same = old != nil && len(fields) == 0 && (c.Position == 0 || c.Position == d.position()); d.same {
		return d, nil
	}
	d.change.Audit.Fields, d.change.Audit.Accounts = fields, auditedFor(c.Kind, d.name, old, sealed)
	if d.change.Audit.Data, err = auditData(c.Kind, old, sealed); err != nil {
		return nil, err
	}
	body, err := json.Marshal(sealed)
	if err != nil {
		return nil, fmt.Errorf("write %s %s: %w", c.Kind, d.name, err)
	}
	d.put(store.Resource{
		Kind: c.Kind, Name: d.name, Body: body, Revision: d.change.Audit.Number, ChangedAt: now, ChangedBy: c.By,
	}, c.Position)
	return d, nil
}

// naming finds the name of what is to change, and puts it where it belongs.
func (d *draft) naming(s resource.Setting, c *resource.Change) error {
	if c.Action == resource.Delete {
		return nil
	}
	given, has := c.Value[s.Key]
	name, isText := given.(string)
	switch {
	case s.Single && d.name != s.Kind:
		return resource.Refuse(resource.Missing, "", "of %s there is one, without a name: /v1/config/%s", s.Kind, s.Kind)
	case s.Single:
		return nil
	case s.Key == "" && d.name == "":
		return resource.Refuse(resource.Invalid, "", "what has no name of its own gets one by the path: PUT /v1/config/%s/NAME", s.Kind)
	case s.Key == "":
	case has && given != nil && !isText:
		return resource.Refuse(resource.Invalid, s.Key, "a text is expected")
	case d.name == "":
		d.name = name
	case has && config.KeyOf(s, name) != config.KeyOf(s, d.name):
		return resource.Refuse(resource.Invalid, s.Key, "is not %.80q as in the path; what is to have another name is made anew and the old one deleted", d.name)
	case !has && c.Action != resource.Patch:
		c.Value = maps.Clone(c.Value)
		if c.Value == nil {
			c.Value = map[string]any{}
		}
		c.Value[s.Key] = d.name
	}
	if problem := message.NameProblem(d.name); d.name == "" || problem != "" {
		if problem == "" {
			problem = "is missing"
		}
		return resource.Refuse(resource.Invalid, s.Key, "%s", problem)
	}
	return nil
}

// find gives what a setting is now, nil where there is none, or refuses the change because of it.
func (a *App) find(s resource.Setting, d *draft, c resource.Change) (map[string]any, error) {
	key, title := config.KeyOf(s, d.name), s.Title(d.name)
	for _, item := range a.file.Stated(s) {
		if key == item.Name && key != "" {
			return nil, resource.Refuse(resource.OfFile, s.Key, "%s stands in the file, at %s, and is changed there only", title, item.Place)
		}
	}
	d.at = slices.IndexFunc(d.made, func(r store.Resource) bool { return r.Kind == s.Kind && config.KeyOf(s, r.Name) == key })
	if d.at < 0 {
		switch {
		case c.Action == resource.Delete || c.Action == resource.Patch && !s.Single:
			return nil, resource.Refuse(resource.Missing, s.Key, "there is no %.120s", title)
		case c.Revision != 0:
			return nil, resource.Refuse(resource.Outdated, s.Key, "%s is not there any more", title)
		}
		return nil, nil
	}
	d.name = d.made[d.at].Name
	switch r := &d.made[d.at]; {
	case c.Action == resource.Create:
		return nil, resource.Refuse(resource.Taken, s.Key, "%s is there already, made over REST", title)
	case c.Revision != 0 && c.Revision != r.Revision:
		return nil, resource.Refuse(resource.Outdated, s.Key, "%s was changed by %s at %s; read it again: it has the revision %d",
			title, r.ChangedBy, time.UnixMilli(r.ChangedAt).UTC().Format(time.RFC3339), r.Revision)
	}
	return valueOf(&d.made[d.at])
}

// put puts a setting at a position among its kind, from 1; 0: where it is, or last. All that get another position by it are
// part of the change.
func (d *draft) put(r store.Resource, position int64) {
	before := d.made
	if d.at >= 0 && position == 0 {
		r.Position = before[d.at].Position
		d.made[d.at] = r
		d.change.Put = append(d.change.Put, r)
		return
	}
	if d.at >= 0 {
		d.made = slices.Delete(slices.Clone(before), d.at, d.at+1)
	}
	first, end := d.span(r.Kind)
	d.at = end
	if position > 0 {
		d.at = min(first+int(position)-1, end)
	}
	d.made = slices.Insert(d.made, d.at, r)
	for i := first; i <= end; i++ {
		if n := int64(i - first + 1); d.made[i].Position != n || i == d.at {
			d.made[i].Position = n
			d.change.Put = append(d.change.Put, d.made[i])
		}
	}
}

// span gives where those of a kind begin and end in the book, which is in the order of kinds.
func (d *draft) span(kind string) (first, end int) {
	first = slices.IndexFunc(d.made, func(r store.Resource) bool { return r.Kind >= kind })
	if first < 0 {
		return len(d.made), len(d.made)
	}
	for end = first; end < len(d.made) && d.made[end].Kind == kind; end++ {
	}
	return first, end
}
