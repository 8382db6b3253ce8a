def test_profile_says_where_the_time_went_and_leaves_the_answer_alone(imgsearch, scene_library):
    plain = imgsearch("--library", str(scene_library), "search", "a", "dog", "--format", "paths")
    profiled = imgsearch(
        "--library", str(scene_library), "search", "a", "dog", "--format", "paths", "--profile"
    )
    assert profiled.stdout == plain.stdout
    lines = [line.split(" ms ") for line in profiled.stderr.splitlines() if " ms " in line]
    times = {name.strip(): float(milliseconds) for milliseconds, name in lines}
    assert {"imports", "open the catalog", "search", "encode", "rank", "show"} <= times.keys()
    assert times["all in all"] >= times["search"] >= times["rank"]
    assert " ms  " not in plain.stderr
