# Pipeline nonrect
# Compiled by sncompile 0.1.0 from spec.yaml
# (sha256:32c5a5e8c78ffc10ea857795c4b0c30ddb339b09806a95e861441c4163ad6dc1).
# Do not edit: change the spec and compile again.
# Run it with any CWL engine; results get their paths below the folder of `--outdir`:
#     cwltool --outdir out workflow.cwl job.json
#
# What the pipeline is for:
#     perwell.d: several files
#     perplate.d: several files
#     all_.o: results/all_/o
#     all_.d: results/all_/d
#     bywell.o: several files
#     bywell.d: several files
#     wherewell.o: several files
#     wherewell.d: several files

cwlVersion: v1.2
$graph:

- id: main
  class: Workflow
  label: nonrect
  requirements:
  - {class: ScatterFeatureRequirement}
  - {class: MultipleInputFeatureRequirement}
  inputs:
    field_job: string[]
    field_o_path: string[]
    field_plate: string[]
    field_well: string[]
    field_site: string[]
    field_v: string[]
    field_n: string[]
    good_job: string[]
    good_o_path: string[]
    perwell_job: string[]
    perwell_i_path: {type: {type: array, items: {type: array, items: string}}}
    perwell_o_path: string[]
    perwell_d_path: string[]
    perwell_v: {type: {type: array, items: {type: array, items: string}}}
    perwell_v_2: {type: {type: array, items: {type: array, items: string}}}
    perwell_i_at: {type: {type: array, items: {type: array, items: int}}}
    perplate_job: string[]
    perplate_i_path: {type: {type: array, items: {type: array, items: string}}}
    perplate_j_path: {type: {type: array, items: {type: array, items: string}}}
    perplate_o_path: string[]
    perplate_d_path: string[]
    perplate_j_path_2: {type: {type: array, items: {type: array, items: string}}}
    perplate_v: {type: {type: array, items: {type: array, items: string}}}
    perplate_v_2: {type: {type: array, items: {type: array, items: string}}}
    perplate_i_at: {type: {type: array, items: {type: array, items: int}}}
    perplate_j_at: {type: {type: array, items: {type: array, items: int}}}
    all_i_path: string[]
    all_j_path: string[]
    all_j_path_2: string[]
    all_v: string[]
    all_v_2: string[]
    bywell_job: string[]
    bywell_i_path: {type: {type: array, items: {type: array, items: string}}}
    bywell_o_path: string[]
    bywell_d_path: string[]
    bywell_v: {type: {type: array, items: {type: array, items: string}}}
    bywell_v_2: {type: {type: array, items: {type: array, items: string}}}
    bywell_i_at: {type: {type: array, items: {type: array, items: int}}}
    wherewell_job: string[]
    wherewell_i_path: {type: {type: array, items: {type: array, items: string}}}
    wherewell_o_path: string[]
    wherewell_d_path: string[]
    wherewell_v: {type: {type: array, items: {type: array, items: string}}}
    wherewell_v_2: {type: {type: array, items: {type: array, items: string}}}
    wherewell_i_at: {type: {type: array, items: {type: array, items: int}}}
    paths: string[]
  steps:
    field:
      run: "#field"
      scatter: [job, o_path, plate, well, site, v, "n"]
      scatterMethod: dotproduct
      in:
        job: field_job
        o_path: field_o_path
        plate: field_plate
        well: field_well
        site: field_site
        v: field_v
        "n": field_n
      out: [o]
    good:
      run: "#good"
      scatter: [job, o_path]
      scatterMethod: dotproduct
      in:
        job: good_job
        o_path: good_o_path
      out: [o]
    perwell_i:
      run: "#pick"
      in:
        files: {source: [field/o], linkMerge: merge_flattened}
        at: perwell_i_at
      out: [picked]
    perwell:
      run: "#perwell"
      scatter: [job, i_path, o_path, d_path, v, v_2, i]
      scatterMethod: dotproduct
      in:
        job: perwell_job
        i_path: perwell_i_path
        o_path: perwell_o_path
        d_path: perwell_d_path
        v: perwell_v
        v_2: perwell_v_2
        i: perwell_i/picked
      out: [o, d]
    perplate_i:
      run: "#pick"
      in:
        files: {source: [good/o], linkMerge: merge_flattened}
        at: perplate_i_at
      out: [picked]
    perplate_j:
      run: "#pick"
      in:
        files: {source: [perwell/o], linkMerge: merge_flattened}
        at: perplate_j_at
      out: [picked]
    perplate:
      run: "#perplate"
      scatter: [job, i_path, j_path, o_path, d_path, j_path_2, v, v_2, i, j]
      scatterMethod: dotproduct
      in:
        job: perplate_job
        i_path: perplate_i_path
        j_path: perplate_j_path
        o_path: perplate_o_path
        d_path: perplate_d_path
        j_path_2: perplate_j_path_2
        v: perplate_v
        v_2: perplate_v_2
        i: perplate_i/picked
        j: perplate_j/picked
      out: [o, d]
    all:
      run: "#all"
      in:
        i_path: all_i_path
        j_path: all_j_path
        j_path_2: all_j_path_2
        v: all_v
        v_2: all_v_2
        i: perplate/o
        j: good/o
      out: [o, d]
    bywell_i:
      run: "#pick"
      in:
        files: {source: [perplate/o], linkMerge: merge_flattened}
        at: bywell_i_at
      out: [picked]
    bywell:
      run: "#bywell"
      scatter: [job, i_path, o_path, d_path, v, v_2, i]
      scatterMethod: dotproduct
      in:
        job: bywell_job
        i_path: bywell_i_path
        o_path: bywell_o_path
        d_path: bywell_d_path
        v: bywell_v
        v_2: bywell_v_2
        i: bywell_i/picked
      out: [o, d]
    wherewell_i:
      run: "#pick"
      in:
        files: {source: [good/o], linkMerge: merge_flattened}
        at: wherewell_i_at
      out: [picked]
    wherewell:
      run: "#wherewell"
      scatter: [job, i_path, o_path, d_path, v, v_2, i]
      scatterMethod: dotproduct
      in:
        job: wherewell_job
        i_path: wherewell_i_path
        o_path: wherewell_o_path
        d_path: wherewell_d_path
        v: wherewell_v
        v_2: wherewell_v_2
        i: wherewell_i/picked
      out: [o, d]
    placed:
      run: "#place"
      in:
        files: {source: [field/o, good/o, perwell/o, perwell/d, perplate/o, perplate/d, all/o, all/d, bywell/o, bywell/d, wherewell/o, wherewell/d], linkMerge: merge_flattened}
        paths: paths
      out: [tree]
  outputs:
    files: {type: {type: array, items: [File, Directory]}, outputSource: placed/tree}

# field
# one job per plate and well and site
- id: field
  class: CommandLineTool
  label: field
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    o_path: string
    plate: string
    well: string
    site: string
    v: string
    "n": string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    out, o.txt, $(inputs.o_path),
    "--",
    tool, $(inputs.o_path), "$(inputs.plate)-$(inputs.well)-$(inputs.site)-$(inputs.v)", $(inputs.n),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o.txt}}

# good
# one job per plate and well and site
- id: good
  class: CommandLineTool
  label: good
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    o_path: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    out, o.txt, $(inputs.o_path),
    "--",
    tool, $(inputs.o_path), good, "0",
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o.txt}}

# perwell
# one job per plate and well; gathers field
- id: perwell
  class: CommandLineTool
  label: perwell
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File[]
    i_path: string[]
    o_path: string
    d_path: string
    v: string[]
    v_2: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    out, o, $(inputs.o_path),
    out, d, $(inputs.d_path),
    "--",
    tool, $(inputs.i_path), $(inputs.o_path), $(inputs.d_path), $(inputs.v), $(inputs.v_2),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}
    d: {type: Directory, outputBinding: {glob: gathered/d}}

# perplate
# one job per plate; gathers good, perwell
- id: perplate
  class: CommandLineTool
  label: perplate
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File[]
    j: File[]
    i_path: string[]
    j_path: string[]
    o_path: string
    d_path: string
    j_path_2: string[]
    v: string[]
    v_2: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    in, $(inputs.j_path.length), $(inputs.j_path), $(inputs.j),
    out, o, $(inputs.o_path),
    out, d, $(inputs.d_path),
    "--",
    tool, $(inputs.i_path), $(inputs.j_path_2), $(inputs.o_path), $(inputs.d_path), $(inputs.v),
    $(inputs.v_2),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}
    d: {type: Directory, outputBinding: {glob: gathered/d}}

# all_
# one job; gathers perplate, good
- id: all
  class: CommandLineTool
  label: all_
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: all_
    i: File[]
    j: File[]
    i_path: string[]
    j_path: string[]
    j_path_2: string[]
    v: string[]
    v_2: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    in, $(inputs.j_path.length), $(inputs.j_path), $(inputs.j),
    out, o, results/all_/o,
    out, d, results/all_/d,
    "--",
    tool, $(inputs.i_path), $(inputs.j_path_2), results/all_/o, results/all_/d, $(inputs.v), $(inputs.v_2),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}
    d: {type: Directory, outputBinding: {glob: gathered/d}}

# bywell
# one job per well; gathers perplate
- id: bywell
  class: CommandLineTool
  label: bywell
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File[]
    i_path: string[]
    o_path: string
    d_path: string
    v: string[]
    v_2: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    out, o, $(inputs.o_path),
    out, d, $(inputs.d_path),
    "--",
    tool, $(inputs.i_path), $(inputs.o_path), $(inputs.d_path), $(inputs.v), $(inputs.v_2),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}
    d: {type: Directory, outputBinding: {glob: gathered/d}}

# wherewell
# one job per plate and well; gathers good
- id: wherewell
  class: CommandLineTool
  label: wherewell
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File[]
    i_path: string[]
    o_path: string
    d_path: string
    v: string[]
    v_2: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    out, o, $(inputs.o_path),
    out, d, $(inputs.d_path),
    "--",
    tool, $(inputs.i_path), $(inputs.o_path), $(inputs.d_path), $(inputs.v), $(inputs.v_2),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}
    d: {type: Directory, outputBinding: {glob: gathered/d}}

# Hands every job its files: `at` holds their places in the list of all.
- id: pick
  class: ExpressionTool
  requirements:
  - {class: InlineJavascriptRequirement}
  inputs:
    files: {type: {type: array, items: [File, {type: array, items: File}]}}
    at: {type: {type: array, items: {type: array, items: int}}}
  expression: |
    ${
      var files = [];
      function gather(value) {
        if (Array.isArray(value)) { value.forEach(gather); } else { files.push(value); }
      }
      function pick(at) {
        return Array.isArray(at) ? at.map(pick) : at === null ? null : files[at];
      }
      gather(inputs.files);
      return {"picked": pick(inputs.at)};
    }
  outputs:
    picked: {type: {type: array, items: {type: array, items: File}}}

# Gives every file its path: folders are made from what lies between the slashes.
- id: place
  class: ExpressionTool
  requirements:
  - {class: InlineJavascriptRequirement}
  inputs:
    files: {type: {type: array, items: [File, Directory, {type: array, items: [File, Directory]}]}}
    paths: string[]
  expression: |
    ${
      var files = [], top = [], folders = {};
      function gather(value) {
        if (Array.isArray(value)) { value.forEach(gather); } else { files.push(value); }
      }
      function base(path) { return path.slice(path.lastIndexOf("/") + 1); }
      function listing(path) {
        var folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
        if (folder === "") { return top; }
        if (!folders["/" + folder]) {
          folders["/" + folder] = [];
          listing(folder).push({
            "class": "Directory", "basename": base(folder), "listing": folders["/" + folder]
          });
        }
        return folders["/" + folder];
      }
      gather(inputs.files);
      files.forEach(function (file, number) {
        var path = inputs.paths[number];
        var placed = {"class": file["class"], "location": file.location, "basename": base(path)};
        ["checksum", "size"].forEach(function (known) {
          if (known in file) { placed[known] = file[known]; }
        });
        listing(path).push(placed);
      });
      return {"tree": top};
    }
  outputs:
    tree: {type: {type: array, items: [File, Directory]}}
