package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/cluster"
	"kurir/config"
	"kurir/store"
)

// Secrets of what was made over REST stand encrypted in the database if the file
// has a key (config.Secrets):
//
//  1. joinKey refuses to start without the key that is in force there, whose
//     fingerprint the database has.
//  2. readBook decrypts what it reads, whichever of the server's keys that needs,
//     and takes what is in the clear as it is; write encrypts with the key in force.
//  3. encryptBook encrypts everything with the key of the file, if that is not in
//     force or something is in the clear, in one batch that also puts the key in
//     force: it is either done or it is not. It waits until all servers have the
//     key under `key`.
//
// Who changes the key holds the lock of the settings, and looks at the nodes under
// it. Who starts has registered before it looks, also under that lock, which key is
// in force. So whoever is second sees the other.

const (
	encryptEvery = time.Second // it is looked whether there is something to encrypt
	encryptFirst = 5 * time.Second
)

// joinKey refuses to go on without the key in force.
func (a *App) joinKey(ctx context.Context) error {
	a.keys = a.opt.File.SecretKeys()
	nodes, err := a.nodeKeys(ctx)
	if err != nil {
		return err
	}
	now, err := a.store.SecretKey(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(nodes, func(n nodeKey) bool { return n.key != now }) { // it may be about to change
		unlock, err := a.lockSettings(ctx)
		if err != nil {
			return err
		}
		now, err = a.store.SecretKey(ctx)
		unlock()
		if err != nil {
			return err
		}
	}
	switch {
	case now == "":
		return a.oneKey(nodes)
	case a.keys.Find(now) != nil:
		return nil
	case len(a.keys) == 0:
		return fmt.Errorf("the secrets of what was made over REST are encrypted with the key of fingerprint %s, and the configuration file has none: "+
			"write that key under secrets: {key: ...}, as the server had it that used this database before, or as others have it that share it", now)
	}
	return fmt.Errorf("the secrets of what was made over REST are encrypted with the key of fingerprint %s, and this server has %s: "+
		"write the key that the database was used with under secrets: {key: ...}, or, if another is to take its place, under previous", now,
		strings.Join(a.keys.Fingerprints(), " and "))
}

// oneKey refuses a first key that is not that of another server: of two that start
// at once, one goes on.
func (a *App) oneKey(nodes []nodeKey) error {
	mine := a.keys.Key().Fingerprint()
	for _, n := range nodes {
		if mine != "" && n.key != "" && n.key != mine && n.number < a.node.number() {
			return fmt.Errorf("server %s has another key under secrets: {key: ...}, of fingerprint %s, and this one that of %s: give all servers that share a database the same", n.node, n.key, mine)
		}
	}
	return nil
}

// nodeKey is what another server has as its key: a fingerprint.
type nodeKey struct {
	node   string
	number int
	key    string
}

// nodeKeys gives the keys of the other servers.
func (a *App) nodeKeys(ctx context.Context) (list []nodeKey, err error) {
	if a.node.keeper == nil {
		return nil, nil
	}
	view, err := a.node.table.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	for i := range view.Nodes {
		n := &view.Nodes[i]
		if !n.Live || n.Number == a.node.number() {
			continue
		}
		key := ""
		if about := cluster.AboutOf(n); len(about.Keys) > 0 {
			key = about.Keys[0]
		}
		list = append(list, nodeKey{n.Name, n.Number, key})
	}
	return list, nil
}

// without names the other servers that have not the key.
func (a *App) without(ctx context.Context, key *config.SecretKey) (names []string, err error) {
	nodes, err := a.nodeKeys(ctx)
	for _, n := range nodes {
		if n.key != key.Fingerprint() {
			names = append(names, n.node)
		}
	}
	return names, err
}

// reveal puts the secrets of what was read as they are in place of what is
// encrypted, and counts those that are not encrypted with the key in force.
func (a *App) reveal(r *store.Resource, now string) (otherwise int, err error) {
	value, err := valueOf(r)
	if err != nil {
		return 0, err
	}
	clear, err := a.keys.Decrypt(r.Kind, r.Name, value)
	if err != nil {
		return 0, err
	}
	r.Body, err = json.Marshal(clear)
	return config.Otherwise(r.Kind, value, now), err
}

// encrypted gives settings as they are written.
func (a *App) encrypted(key *config.SecretKey, made []store.Resource) ([]store.Resource, error) {
	if key == nil {
		return made, nil
	}
	made = slices.Clone(made)
	for i := range made {
		r := &made[i]
		value, err := valueOf(r)
		if err != nil {
			return nil, err
		}
		if r.Body, err = json.Marshal(config.Encrypt(key, r.Kind, r.Name, value)); err != nil {
			return nil, fmt.Errorf("write %s %s: %w", r.Kind, r.Name, err)
		}
	}
	return made, nil
}

// keyInForce gives the key with which is encrypted now; nil for none.
func (a *App) keyInForce() (*config.SecretKey, error) {
	if a.book.key == "" {
		return nil, nil
	}
	if key := a.keys.Find(a.book.key); key != nil {
		return key, nil
	}
	return nil, &config.KeyError{Fingerprint: a.book.key}
}

// loose tells whether something is to be encrypted with the key of the file. The
// caller holds mu.
func (a *App) loose() bool {
	return len(a.keys) > 0 && (a.book.key != a.keys.Key().Fingerprint() || a.book.otherwise > 0)
}

// keepSecrets encrypts what is to be, as soon as may be, until ctx ends. Its first
// try has been made.
func (a *App) keepSecrets(ctx context.Context, waits []string) {
	if len(a.keys) == 0 {
		return
	}
	tick := time.NewTicker(encryptEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		a.mu.Lock()
		loose := a.loose()
		a.mu.Unlock()
		if loose {
			waits = a.tryEncrypt(ctx, writeTimeout, waits)
		}
	}
}

// firstEncrypt is the first try, before anything else is served.
func (a *App) firstEncrypt(ctx context.Context) (waits []string) {
	a.mu.Lock()
	loose, otherwise := a.loose(), a.book.otherwise
	a.mu.Unlock()
	if len(a.keys) == 0 && otherwise > 0 {
		a.log.Warn("secrets of what was made over REST are in the database as they are: the configuration file has no key to encrypt them with", "secrets", otherwise)
	}
	if loose {
		return a.tryEncrypt(ctx, encryptFirst, nil)
	}
	if err := a.resealFactors(ctx); err != nil && len(a.keys) > 0 {
		a.log.Warn("secrets of second factors could not be encrypted; it is tried again with the next start", "error", err)
	}
	return nil
}

// tryEncrypt encrypts what is to be, or says why that has to wait, if it did not
// wait for the same before.
func (a *App) tryEncrypt(ctx context.Context, most time.Duration, waits []string) []string {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	without, err := a.encryptBook(ctx)
	if err == nil && len(without) == 0 {
		err = a.resealFactors(ctx)
	}
	if err != nil {
		without = []string{err.Error()}
	}
	switch {
	case slices.Equal(without, waits) || errors.Is(err, context.Canceled):
	case err != nil:
		a.log.Warn("secrets of what was made over REST could not be encrypted; it is tried again", "error", err)
	case len(without) > 0:
		a.log.Warn("secrets of what was made over REST are not encrypted with the key before every server has it", "without", without)
	}
	return without
}

// encryptBook encrypts everything with the key of the file, unless that is done or
// there are other servers without it, which it names.
func (a *App) encryptBook(ctx context.Context) (without []string, err error) {
	key := a.keys.Key()
	unlock, err := a.lockSettings(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.settleBook(ctx); err != nil {
		return nil, err
	}
	if err := a.readBook(ctx); err != nil {
		return nil, err
	}
	if !a.loose() {
		return nil, nil
	}
	if a.book.key != key.Fingerprint() {
		if _, err := a.keyInForce(); err != nil {
			return nil, err
		}
		if without, err = a.without(ctx, key); err != nil || len(without) > 0 {
			return without, err
		}
		if err := a.store.KeepOlderOut(ctx); err != nil {
			return nil, err
		}
		if without, err = a.without(ctx, key); err != nil || len(without) > 0 {
			return without, err
		}
	}
	return nil, a.writeEncrypted(ctx, key)
}

// writeEncrypted puts the book on disk encrypted with a key, which then is in
// force. The caller holds mu and the lock of the settings.
func (a *App) writeEncrypted(ctx context.Context, key *config.SecretKey) error {
	sealed, err := a.encrypted(key, a.book.made)
	if err != nil {
		return err
	}
	audit := store.Audit{
		Number: a.gateway.NextAudit(), At: time.Now().UnixMilli(), Who: "kurir", Kind: "secrets", Name: "key", Action: "encrypt",
	}
	done, err := a.gateway.WriteRekey(&store.Rekey{Audit: audit, Key: key.Fingerprint(), All: sealed})
	if err != nil {
		return err
	}
	if err = a.await(ctx, done); err != nil {
		return err
	}
	secrets := 0
	for i := range sealed {
		value, _ := valueOf(&sealed[i]) // just written
		secrets += config.Otherwise(sealed[i].Kind, value, "")
	}
	a.log.Info("secrets of what was made over REST are encrypted", "secrets", secrets, "key", key.Fingerprint(), "before", a.book.key)
	if a.book.used == a.book.last {
		a.book.used = audit.Number // which changes nothing that is in force
	}
	a.book.last, a.book.key, a.book.otherwise = audit.Number, key.Fingerprint(), 0
	return nil
}
