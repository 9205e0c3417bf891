package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Folders inside the drop folder where requests go that were processed, and
// those that can't be, each of these with a .txt beside it that tells why.
const (
	doneFolder   = "done"
	failedFolder = "failed"
	whySuffix    = ".txt"
)

// patience is for how many polls a file that ends too early is given time to
// become whole.
const patience = 10

// Watcher processes the request files that are put into a folder. A file is
// taken once it stays as it is from one poll to the next, and one whose end is
// missing only when it stays so; names that do not end in .json are left
// alone, so that a file may be written under another name and renamed.
type Watcher struct {
	Processor *Processor
	// Folder is watched, Responses is where response files go; empty is the
	// same folder.
	Folder, Responses string
	Log               *slog.Logger
	// Report, when set, is told of each file that was processed or failed.
	Report func(file string, result *Result, err error)

	seen map[string]sighting
}

// sighting is how a file looked at the last poll.
type sighting struct {
	size    int64
	changed time.Time
	polls   int // for which it looked like that
}

// Run polls at each tick until the context ends, which is no error, or the
// folder can't be read.
func (w *Watcher) Run(ctx context.Context, ticks <-chan time.Time) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
		}
		if err := w.Poll(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// Poll looks at the folder once and processes what is complete, in the order
// of the names. What goes wrong with one file does not keep it from the
// others: only a folder that is missing or can't be read, and the end of the
// context, are errors.
func (w *Watcher) Poll(ctx context.Context) error {
	if info, err := os.Stat(w.responses()); err != nil || !info.IsDir() {
		return fmt.Errorf("watch %s: the folder for responses, %s, is not there; it must be there", w.Folder, w.responses())
	}
	entries, err := os.ReadDir(w.Folder)
	if err != nil {
		return fmt.Errorf("watch %s: %w; the folder must be there and readable", w.Folder, err)
	}
	before := w.seen
	w.seen = map[string]sighting{}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !w.Processor.names.candidate(entry.Name()) {
			continue
		}
		polls := w.look(entry, before)
		if polls == 0 {
			continue
		}
		if err := w.take(ctx, entry.Name(), polls); err != nil {
			return err
		}
	}
	return nil
}

// responses is the folder of the response files.
func (w *Watcher) responses() string {
	if w.Responses == "" {
		return w.Folder
	}
	return w.Responses
}

func (w *Watcher) log() *slog.Logger {
	if w.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return w.Log
}

// look returns for how many polls the file has been as it is.
func (w *Watcher) look(entry fs.DirEntry, before map[string]sighting) int {
	info, err := entry.Info()
	if err != nil { // it is gone
		return 0
	}
	now := sighting{size: info.Size(), changed: info.ModTime()}
	last, known := before[entry.Name()]
	if known && last.size == now.size && last.changed.Equal(now.changed) {
		now.polls = last.polls + 1
	}
	w.seen[entry.Name()] = now
	return now.polls
}

// take processes one file and moves it away. A file that could not be
// processed through no fault of its own stays and is tried again.
func (w *Watcher) take(ctx context.Context, name string, polls int) error {
	result, err := w.Processor.Process(ctx, filepath.Join(w.Folder, name), w.responses())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var fault *FileError
	switch {
	case err == nil:
		err = w.move(name, doneFolder, "")
	case errors.As(err, &fault) && fault.Truncated && polls < patience:
		return nil
	case errors.As(err, &fault), errors.Is(err, errOther):
		if moving := w.move(name, failedFolder, err.Error()+"\n"); moving != nil {
			err = moving
		}
	}
	if err != nil {
		w.log().Error("request file failed", "file", name, "cause", err)
	}
	if w.Report != nil {
		w.Report(name, result, err)
	}
	return nil
}

// move moves the file into a folder inside the watched one, with a text
// beside it unless that is empty. A name that is taken there gets a number.
func (w *Watcher) move(name, folder, why string) error {
	folder = filepath.Join(w.Folder, folder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("move %s away: %w", name, err)
	}
	to := filepath.Join(folder, name)
	for n := 2; taken(to); n++ {
		to = filepath.Join(folder, fmt.Sprintf("%s.%d", name, n))
	}
	if why != "" {
		if err := os.WriteFile(to+whySuffix, []byte(why), 0o644); err != nil {
			return fmt.Errorf("say why %s failed: %w", name, err)
		}
	}
	if err := os.Rename(filepath.Join(w.Folder, name), to); err != nil {
		return fmt.Errorf("move %s away: %w", name, err)
	}
	return nil
}

func taken(file string) bool {
	_, err := os.Lstat(file)
	return !errors.Is(err, fs.ErrNotExist)
}
