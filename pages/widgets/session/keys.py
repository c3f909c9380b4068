"""Names of all values in `st.session_state` and of all query parameters, each once.

A widget that is bound to a query parameter has the parameter's name as its key, so these constants name both. The knobs
of the sidebar are named after the fields of `RunSpec` (`knobs.NAMES`). Keys of widgets whose value is read from the
widget's return value only (buttons, forms, charts) stand where the widget is drawn.
"""

from __future__ import annotations

from pages.widgets.basics import theme

# Query parameters: the run and the page's view. Stored links contain these names, so they never change.
RUN = "run"  # key of the active run
LESSON = "lesson"  # key of the lesson
VARIANT = "variant"
VIEW = "view"  # which part of a page: map or training film, sliders or plane, ...
SHOW = "show"  # Reconstructions: random, worst, best, one class, the selection
CLASS = "class"
METHOD = "method"  # Latent map and Compare: projection
OTHER_METHOD = "other_method"
COLOUR = "colour"
STYLE = "style"
SELECT = "select"  # the tool that selects points
SPLIT = "split"
POINTS = "points"
PERPLEXITY = "perplexity"
N_NEIGHBORS = "n_neighbors"
MIN_DIST = "min_dist"
DIMS = "dims"
MAP_SEED = "map_seed"
FRAME = "frame"  # training film: number of the snapshot
OWN_WAY = "own_way"  # source of the own image: drawing, upload, sample
Z = "z"  # Latent walk: the coding
IMAGE = "image"  # number of the image to which the walk was set last
ACROSS = "across"
UP = "up"
LAYERS = "layers"
QUANTILES = "quantiles"
BITS = "bits"  # the hash code
BITS_SAMPLE = "bits_sample"
JOURNEY = "journey"
A, B = "a", "b"  # numbers of the two images to interpolate between
SUM_A, SUM_B, SUM_C = "sum_a", "sum_b", "sum_c"
FROM_CLASS, TO_CLASS = "from_class", "to_class"
WAY = "way"  # straight or spherical interpolation
PICTURES = "pictures"  # number of pictures in a row
TEMPERATURE = "temperature"
GRID_FROM = "grid_from"
OTHER = "other"  # Compare: key of the second run
RUNS = "runs"  # keys of the runs that encode the sample
SAMPLE = "sample"
SAMPLE_FROM = "sample_from"
LABELS = "labels"  # Pretraining: number of labels
SEEDS = "seeds"
CLASSIFIER_EPOCHS = "classifier_epochs"
TRAINER = "trainer"
STEP = "step"  # presenter: number of the slide
PRESENTATION = theme.PRESENTATION  # larger type, one column, high contrast; on every page
GUIDE_COMPONENTS = "guide_components"  # Guide: the control of each step
GUIDE_CLASS = "guide_class"
GUIDE_LAYER = "guide_layer"
GUIDE_NOISE = "guide_noise"
GUIDE_CODINGS = "guide_codings"
GUIDE_TEMPERATURE = "guide_temperature"
AGAINST = "against"  # Anomalies: what is compared with the validation samples
ANOMALY_CLASS = "anomaly_class"
ANOMALY_DATA = "anomaly_data"
ANOMALY_NOISE = "anomaly_noise"
SCORE = "score"
SCORE_END = "score_end"  # samples with the highest or the lowest scores
PERCENTILE = "percentile"  # of the threshold

PARAMETERS = (
    *(RUN, LESSON, VARIANT, VIEW, SHOW, CLASS, METHOD, OTHER_METHOD, COLOUR, STYLE, SELECT, SPLIT, POINTS, PERPLEXITY),
    *(N_NEIGHBORS, MIN_DIST, DIMS, MAP_SEED, FRAME, OWN_WAY, Z, IMAGE, ACROSS, UP, LAYERS, QUANTILES, BITS),
    *(BITS_SAMPLE, JOURNEY, A, B, SUM_A, SUM_B, SUM_C, FROM_CLASS, TO_CLASS, WAY, PICTURES, TEMPERATURE, GRID_FROM),
    *(OTHER, RUNS, SAMPLE, SAMPLE_FROM, LABELS, SEEDS, CLASSIFIER_EPOCHS, TRAINER, STEP, PRESENTATION),
    *(GUIDE_COMPONENTS, GUIDE_CLASS, GUIDE_LAYER, GUIDE_NOISE, GUIDE_CODINGS, GUIDE_TEMPERATURE),
    *(AGAINST, ANOMALY_CLASS, ANOMALY_DATA, ANOMALY_NOISE, SCORE, SCORE_END, PERCENTILE),
)

# The frame around the pages.
PAGE = "page"  # URL path of the page that is drawn
ROUTED = "_routed"  # set while `app.py` runs a page
NOTICE = "notice"  # a line that the header shows until the next action
LINK = "link"  # {query parameter: its values} of the link that opened the page, as far as they are not read yet
LINK_PAGE = "link_page"  # URL path of that page
REFUSED = "refused"  # {query parameter: why it is not used}
DATASET = "dataset"
OWN_DATA = "own_data"  # names of the uploaded data sets that this session knows
OWN_SHOWN = "own_shown"  # Your data: name of the one on the page
OWN_REFUSED = "own_refused"  # Your data: why the last files were refused
OWN_ADOPTED = "own_adopted"  # name of the one that becomes the sidebar's
LAST_GOOD = "last_good"  # key of the run that was drawn last
OPENED = "opened"  # name of the demonstration that is on show while the session has no run of its own
RESTORED = "restored"  # {knob: value} of the address that Back or Forward has reached
CHIP = "chip"  # key of the selected demonstration
SEEN_LEARNING = "seen_learning"  # key of the training that the page draws while it runs

# Samples that were selected on a map or among thumbnails.
SELECTION = "selection"  # sample numbers
SELECTION_OF = "selection_of"  # name of their data set
NAMED = "named"  # {name: sample numbers}
POINT = "point"  # number of the marked sample

# Of one page each.
DRAW = "draw"  # Reconstructions: how often other images were drawn
LAYER = "layer"  # Reconstructions: name of the layer chosen in the network's drawing
NETWORK_SAMPLE = "network_sample"  # number of the sample that runs through the network
ROWS_READ = "rows_read"
CODING_DRAWS = "coding_draws"
MAP_LAYER = "map_layer"
METHOD_DEFAULT = "method_default"  # the method that the map has unless another is chosen
STYLE_DEFAULT = "style_default"  # the style that the map has unless another is chosen
PLOTLY_SHOWN = "plotly_shown"  # (chart, its number, selection that its figure shows, last one made in it or None)
CAMERA = "camera"  # format of the pictures that Plotly's mode bar saves
SPARSITY_LAYER = "sparsity_layer"
FILM_OPENING = "film_opening"  # (key of the run, number of the frame that a link opens)
OWN_UPLOADS = "own_uploads"  # {data set: the last image}
OWN_SEEN = "own_seen"  # {data set: (file, error)}
OWN_BEGIN, OWN_NUMBER = "own_begin", "own_number"
WALK_FROM = "walk_from"  # number of a sample that another page sends to the walk
WALK_RUN = "walk_run"
WALK_Z = "walk_z"
WALK_BEGAN = "walk_began"  # the walk's first coding, which is left out of the link
WALK_SAMPLE = "walk_sample"
WALK_NUMBER = "walk_number"
DRAWS, RANDOM_DRAWS, GRID_DRAWS = "draws", "random_draws", "grid_draws"
BITS_CODE = "bits_code"  # (coding, hash code)
JOURNEY_DRAW = "journey_draw"
COMPARED_MAPS = "compared_maps"
SAMPLE_DRAW = "sample_draw"
PROBE_REFUSED = "probe_refused"
ASKED_PRETRAINING = "asked_pretraining"  # key of the experiment that this session waits for

# Lessons, examples, leaderboard and presenter.
ANSWER = "answer"  # number of the answer that was given
ANSWER_TOKEN = "answer_token"
ANSWER_NOTICE = "answer_notice"
PREDICTED = "predicted"
SEEN = "seen"  # {page: its query parameters at its last script run}
SEEN_LAST = "seen_last"
EXAMPLE = "example"
LESSON_TITLE = "lesson_title"
LESSON_PAGE = "lesson_page"
LESSON_LOCKED = "lesson_locked"
LESSON_QUESTION = "lesson_question"
LESSON_ANSWERS = "lesson_answers"
LESSON_RIGHT = "lesson_right"
LESSON_EXPLANATION = "lesson_explanation"
LESSON_MADE = "lesson_made"
LESSON_ERROR = "lesson_error"
BOARD_DATASET = "board_dataset"
BOARD_KEYS = "board_keys"
BOARD_ROWS = "board_rows"
BOARD_TABLE = "board_table"  # key of the table widget
BOARD_TICKED = "board_ticked"
BOARD_OPENED = "board_opened"
BOARD_CHART = "board_chart"
PRESENTER = "presenter"
PRESENT_STEP = "present_step"


def asked(place: str) -> str:
    """Session-state name of the key of the job that a place on a page waits for."""
    return f"{place}_asked"


def compared(parameter: str) -> str:
    """Session-state name of the runs that were picked for `OTHER` or `RUNS`."""
    return f"compared_{parameter}"


def film(run: str) -> str:
    """Widget key of a run's training film."""
    return f"film_{run}"


def class_of(image: str) -> str:
    """Widget key of the list of classes beside the number `image`."""
    return f"{image}_class"


def proposed(image: str) -> str:
    """Session-state name of the number that the page proposed last for `image`."""
    return f"{image}_first"
