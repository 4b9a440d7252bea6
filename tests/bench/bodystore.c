/* bodystore - measures ways to keep message bodies on disk.
 *
 *     bodystore CORPUS WORK [ROUNDS]
 *
 * CORPUS is a directory of mails, one a file, as tests/corpus.py writes it; WORK
 * an existing directory on the file system to be measured, where some 1.5 GB
 * come and go.  Prints Markdown tables of medians.  Must be root, to drop caches.
 *
 * Two sets are measured apart, since the one is all calls and the other all
 * bytes: the mails of CORPUS, and generated messages of 1 to 10 MB.
 *
 * The stores take turns within a round, and each round begins with another
 * store, so that what else goes on in the machine hits all alike.  A virtual
 * machine may have to ask its host for memory it has not used for a while, which
 * can take longer than the reading; so memory is claimed and given back before
 * anything that fills the page cache is timed.  Any failure stops the program. */
#include "tests/bench/stores.h"

#include <fcntl.h>
#include <fts.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_LARGE 200
#define LARGE_MIN_BYTES (1000 * 1000)
#define LARGE_MAX_BYTES (10 * 1000 * 1000)
#define CLAIM_BYTES (3000ul * 1000 * 1000)
#define MAX_ROUNDS 99

typedef enum
{
  WRITE,
  WRITE_CPU,
  WRITE_FLUSH,
  READ_WARM,
  READ_WARM_CPU,
  RANDOM_WARM,
  READ_COLD,
  READ_COLD_CPU,
  RANDOM_COLD,
  DELETE_HALF,
  DELETE_CPU,
  DELETE_FLUSH,
  SPACE_ALL,
  SPACE_HALF,
  SPACE_QUARTER,
  N_MEASURES
} Measure;

static const char *const measure_names[N_MEASURES] = {
  "write all, s",           "write all, CPU s",           "then flush to disk, s",
  "read in order, warm, s", "read in order, warm, CPU s", "read at random, warm, s",
  "read in order, cold, s", "read in order, cold, CPU s", "read at random, cold, s",
  "delete oldest half, s",  "delete oldest half, CPU s",  "then flush to disk, s",
  "space with all, MB",     "space with newest half, MB", "space with every 2nd of that, MB",
};

/* values[set][store][measure][round] */
typedef double Values[N_STORES][N_MEASURES][MAX_ROUNDS];

/* ---- the data --------------------------------------------------------- */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* The bytes of the messages go to @owned. */
static GArray *
load_mails (const char *directory, GPtrArray *owned)
{
  GArray *mails = g_array_new (FALSE, FALSE, sizeof (Message));
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (directory, name, NULL));
  g_ptr_array_sort (names, compare_names);

  for (guint i = 0; i < names->len; i++)
    {
      Message mail;
      char *bytes;

      g_assert_true (
          g_file_get_contents (g_ptr_array_index (names, i), &bytes, &mail.size_bytes, NULL));
      g_ptr_array_add (owned, bytes);
      mail.bytes = bytes;
      g_array_append_val (mails, mail);
    }
  return mails;
}

/* Slices of one pool of lines that look like base64. */
static GArray *
generate_large (GPtrArray *owned)
{
  GArray *messages = g_array_new (FALSE, FALSE, sizeof (Message));
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  char *pool = g_malloc (2 * LARGE_MAX_BYTES);

  g_ptr_array_add (owned, pool);
  for (gsize i = 0; i < 2 * LARGE_MAX_BYTES; i++)
    pool[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : (char)g_rand_int_range (random, '0', 'p');
  for (guint i = 0; i < N_LARGE; i++)
    {
      Message message = {
        .bytes = pool + g_rand_int_range (random, 0, LARGE_MAX_BYTES),
        .size_bytes = (gsize)g_rand_int_range (random, LARGE_MIN_BYTES, LARGE_MAX_BYTES),
      };

      g_array_append_val (messages, message);
    }
  return messages;
}

static guint *
shuffle_ids (guint n)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  guint *ids = g_new (guint, n);

  for (guint i = 0; i < n; i++)
    {
      guint j = (guint)g_rand_int_range (random, 0, (gint32)i + 1);

      ids[i] = ids[j];
      ids[j] = i + 1;
    }
  return ids;
}

/* ---- the machine ------------------------------------------------------ */

/* Blocks taken by all below @path, which is removed if @removing. */
static double
sweep_tree (const char *path, gboolean removing)
{
  char *const roots[] = { (char *)path, NULL };
  FTS *tree = fts_open (roots, FTS_PHYSICAL, NULL);
  FTSENT *entry;
  gint64 blocks = 0;

  g_assert_nonnull (tree);
  while ((entry = fts_read (tree)) != NULL)
    {
      if (entry->fts_info == FTS_D) /* seen again as FTS_DP, when its files are gone */
        continue;
      blocks += entry->fts_statp->st_blocks;
      if (removing)
        g_assert_no_errno (g_remove (entry->fts_accpath));
    }
  fts_close (tree);
  return (double)blocks * 512 / 1e6;
}

static void
drop_caches (void)
{
  int fd = open ("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
  void *claim;

  g_assert_no_errno (fd);
  sync ();
  g_assert_cmpint (write (fd, "3", 1), ==, 1);
  close (fd);

  claim = mmap (NULL, CLAIM_BYTES, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  g_assert_true (claim != MAP_FAILED);
  munmap (claim, CLAIM_BYTES);
}

typedef struct
{
  gint64 wall_us, cpu_us;
} Clock;

static Clock
read_clock (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (Clock){
    .wall_us = g_get_monotonic_time (),
    .cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC
              + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
  };
}

/* ---- the measuring ---------------------------------------------------- */

/* One store in one round. */
typedef struct
{
  guint type;
  const char *directory;
  const GArray *messages; /* of Message */
  const guint *shuffled;  /* their IDs */
  Store *store;
  double (*values)[MAX_ROUNDS]; /* [measure][round] */
  guint round;
} Run;

static void
note_time (Run *run, Clock since, Measure wall, Measure cpu)
{
  Clock now = read_clock ();

  run->values[wall][run->round] = (double)(now.wall_us - since.wall_us) / 1e6;
  if (cpu != N_MEASURES)
    run->values[cpu][run->round] = (double)(now.cpu_us - since.cpu_us) / 1e6;
}

static void
flush (Run *run, Measure wall)
{
  Clock start = read_clock ();

  store_flush (run->store);
  note_time (run, start, wall, N_MEASURES);
}

static void
write_all (Run *run)
{
  Clock start = read_clock ();

  for (guint i = 0; i < run->messages->len; i++)
    store_put (run->store, i + 1, &g_array_index (run->messages, Message, i));
  store_commit (run->store);
  note_time (run, start, WRITE, WRITE_CPU);
}

static void
verify (Run *run, guint first_id, guint step)
{
  for (guint id = first_id; id <= run->messages->len; id += step)
    {
      const Message *message = &g_array_index (run->messages, Message, id - 1);

      g_assert_cmpuint (store_get (run->store, id, message), ==, message->size_bytes);
    }
}

/* @ids: (nullable): in order when absent. */
static void
read_all (Run *run, const guint *ids, Measure wall, Measure cpu)
{
  Clock start = read_clock ();

  for (guint i = 0; i < run->messages->len; i++)
    store_get (run->store, ids != NULL ? ids[i] : i + 1, NULL);
  note_time (run, start, wall, cpu);
}

static void
reopen_cold (Run *run)
{
  store_close (run->store);
  drop_caches ();
  run->store = store_open (run->type, run->directory);
}

static void
delete_oldest (Run *run, guint n)
{
  Clock start = read_clock ();

  for (guint id = 1; id <= n; id++)
    store_drop (run->store, id);
  store_commit (run->store);
  note_time (run, start, DELETE_HALF, DELETE_CPU);
}

/* Measured closed, when SQLite has removed its log. */
static void
weigh (Run *run, Measure space)
{
  store_flush (run->store);
  store_close (run->store);
  run->values[space][run->round] = sweep_tree (run->directory, FALSE);
  run->store = store_open (run->type, run->directory);
}

static void
run_store (Run *run)
{
  guint half = run->messages->len / 2;

  g_assert_no_errno (g_mkdir (run->directory, 0700));
  drop_caches ();
  run->store = store_open (run->type, run->directory);

  write_all (run);
  flush (run, WRITE_FLUSH);
  weigh (run, SPACE_ALL);

  verify (run, 1, 1);
  read_all (run, NULL, READ_WARM, READ_WARM_CPU);
  read_all (run, run->shuffled, RANDOM_WARM, N_MEASURES);
  reopen_cold (run);
  read_all (run, NULL, READ_COLD, READ_COLD_CPU);
  reopen_cold (run);
  read_all (run, run->shuffled, RANDOM_COLD, N_MEASURES);

  delete_oldest (run, half);
  flush (run, DELETE_FLUSH);
  weigh (run, SPACE_HALF);
  for (guint id = half + 1; id <= run->messages->len; id += 2)
    store_drop (run->store, id);
  weigh (run, SPACE_QUARTER);
  verify (run, half + 2, 2);

  store_close (run->store);
  sweep_tree (run->directory, TRUE);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double left = *(const double *)a, right = *(const double *)b;

  return left < right ? -1 : left > right;
}

static double
find_median (const double *values, guint n)
{
  double sorted[MAX_ROUNDS];

  memcpy (sorted, values, n * sizeof *values);
  qsort (sorted, n, sizeof *sorted, compare_doubles);
  return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

static void
print_table (const char *title, const GArray *messages, Values values, guint n_rounds)
{
  gsize size_bytes = 0;

  for (guint i = 0; i < messages->len; i++)
    size_bytes += g_array_index (messages, Message, i).size_bytes;
  printf ("\n%s: %u messages, %.1f MB, medians of %u rounds\n\n|", title, messages->len,
          (double)size_bytes / 1e6, n_rounds);
  for (guint type = 0; type < N_STORES; type++)
    printf (" | %s", store_type_name (type));
  printf (" |\n|---");
  for (guint type = 0; type < N_STORES; type++)
    printf ("|---:");
  printf ("|\n");
  for (guint measure = 0; measure < N_MEASURES; measure++)
    {
      printf ("| %s", measure_names[measure]);
      for (guint type = 0; type < N_STORES; type++)
        printf (measure < SPACE_ALL ? " | %.3f" : " | %.1f",
                find_median (values[type][measure], n_rounds));
      printf (" |\n");
    }
}

static void
run_round (const char *work, const GArray *messages, const guint *shuffled, Values values,
           guint round)
{
  for (guint turn = 0; turn < N_STORES; turn++)
    {
      guint type = (round + turn) % N_STORES;
      g_autofree char *directory = g_build_filename (work, store_type_name (type), NULL);
      Run run = { type, directory, messages, shuffled, NULL, values[type], round };

      run_store (&run);
      fprintf (stderr, "round %u, %u messages, %s: done\n", round + 1, messages->len,
               store_type_name (type));
    }
}

int
main (int argc, char **argv)
{
  static Values mail_values, large_values;
  guint n_rounds = argc > 3 ? (guint)atoi (argv[3]) : 5;
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) mails = NULL, large = NULL;
  g_autofree guint *mail_ids = NULL, *large_ids = NULL;

  if (argc < 3 || argc > 4 || n_rounds < 1 || n_rounds > MAX_ROUNDS)
    {
      fprintf (stderr, "usage: %s CORPUS WORK [ROUNDS]\n", argv[0]);
      return 2;
    }
  mails = load_mails (argv[1], owned);
  mail_ids = shuffle_ids (mails->len);
  large = generate_large (owned);
  large_ids = shuffle_ids (large->len);

  for (guint round = 0; round < n_rounds; round++)
    {
      run_round (argv[2], mails, mail_ids, mail_values, round);
      run_round (argv[2], large, large_ids, large_values, round);
    }
  print_table ("Mails", mails, mail_values, n_rounds);
  print_table ("Large", large, large_values, n_rounds);
  return 0;
}
