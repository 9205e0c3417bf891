package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/vtsim/vtsim/simulator/vault"
)

// snapshotBytes bounds a copy that is sent in.
const snapshotBytes = 1 << 30

// takeSnapshot answers with a copy of the vault. It travels in the answer
// instead of staying here, so that nobody names files on this machine and a
// copy outlives the process.
func (c *Console) takeSnapshot(ctx context.Context, _ *request) (*reply, error) {
	folder, err := os.MkdirTemp("", "vtsim-snapshot-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "snapshot.db")
	if err := c.Vault.Snapshot(ctx, file); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return &reply{serve: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := errors.Join(send(w, file), os.RemoveAll(folder)); err != nil {
			c.Log.Error("snapshot was not sent", "cause", err)
			panic(http.ErrAbortHandler) // the caller must not take half a copy for one
		}
	})}, nil
}

func send(w http.ResponseWriter, file string) error {
	content, err := os.Open(file)
	if err != nil {
		return err
	}
	defer content.Close()
	info, err := content.Stat()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", mediaBinary)
	w.Header().Set("Content-Length", fmt.Sprint(info.Size()))
	w.Header().Set("Content-Disposition", `attachment; filename="vtsim-snapshot.db"`)
	_, err = io.Copy(w, content)
	return err
}

// restoreSnapshot puts a copy in place of everything in the vault.
func (c *Console) restoreSnapshot(ctx context.Context, r *request) (*reply, error) {
	folder, err := os.MkdirTemp("", "vtsim-snapshot-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "snapshot.db")
	err = receive(r, file)
	if err == nil {
		err = c.restore(ctx, file)
	}
	if removed := os.RemoveAll(folder); removed != nil {
		c.Log.Error("copy of a snapshot stays behind", "cause", removed)
	}
	if err != nil {
		return nil, err
	}
	c.Log.Info("restored a snapshot")
	return &reply{}, nil
}

func receive(r *request, file string) error {
	target, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	size, err := io.Copy(target, http.MaxBytesReader(r.w, r.Body, snapshotBytes))
	closed := target.Close()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &problem{status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("The snapshot is larger than %d bytes.", tooLarge.Limit)}
	case err != nil:
		return bad("", "The snapshot could not be read to its end.")
	case size == 0:
		return bad("", "The body is empty; send what POST /api/v1/snapshot answered.")
	}
	return closed
}

// restore hands the copy to the vault, which refuses what does not fit and
// then changes nothing.
func (c *Console) restore(ctx context.Context, file string) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	var err error
	queue := c.Calls.Replace(ctx, func() error {
		err = c.Vault.Restore(ctx, file)
		return err
	})
	switch {
	case err == nil:
		return queue
	case ctx.Err() != nil || errors.Is(err, vault.ErrClosed):
		return err
	case errors.Is(err, vault.ErrKey):
		return bad("", "The snapshot was made with another vault key; restore it where its vault.key is.")
	}
	c.Log.Info("snapshot refused", "cause", err)
	return bad("", "The snapshot is not usable: %s.", strings.ReplaceAll(fmt.Sprint(errors.Unwrap(err)), file, "the snapshot"))
}
